import type { Trial, TrialSpec, Workload } from "@churnlab/core";

function aWorkload(overrides: Partial<Workload> = {}): Workload {
  return {
    kind: "short-lived",
    closer: "client",
    close: "fin",
    bind: "none",
    requestsPerConnection: 1,
    lifetimeMs: null,
    thinkMs: 0,
    protocol: "http",
    requestBytes: 0,
    responseBytes: 0,
    arrival: {
      model: "open",
      shape: "constant",
      ratePerS: 100,
      toPerS: null,
      steps: null,
      limit: null,
    },
    sources: 1,
    workers: null,
    engine: "auto",
    timeouts: { connectMs: 2000, responseMs: 2000 },
    ...overrides,
  };
}

export function aTrial(overrides: Partial<TrialSpec> = {}, id = 1): Trial {
  return {
    id,
    variant: "baseline",
    replicate: 1,
    block: 1,
    seed: 7,
    spec: {
      testbed: "netns",
      topology: "direct",
      target: {
        server: "builtin",
        port: 8080,
        backlog: 128,
        delayMs: 0,
        misbehaviour: "none",
        engine: "auto",
      },
      workload: aWorkload(),
      phases: { warmUpMs: 0, measureMs: 1000, drainMs: 0 },
      sysctls: {},
      observe: { resets: true, ports: true },
      ...overrides,
    },
  };
}
