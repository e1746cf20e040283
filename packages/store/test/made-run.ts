import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  LatencyHistogram,
  type Plan,
  type Scenario,
  type Trial,
  type TrialOutcome,
  type TrialRecord,
  type TrialSpec,
} from "@churnlab/core";
import type { RunStart } from "../src/index.ts";

export const spec: TrialSpec = {
  testbed: "netns",
  topology: "direct",
  target: {
    server: "builtin",
    port: 8080,
    backlog: 4096,
    delayMs: 0,
    misbehaviour: "none",
    engine: "auto",
  },
  workload: {
    kind: "short-lived",
    closer: "client",
    close: "fin",
    bind: "none",
    requestsPerConnection: 1,
    lifetimeMs: null,
    thinkMs: 0,
    protocol: "http",
    requestBytes: 64,
    responseBytes: 64,
    arrival: {
      model: "open",
      shape: "constant",
      ratePerS: 400,
      toPerS: null,
      steps: null,
      limit: null,
    },
    sources: 1,
    workers: null,
    engine: "auto",
    timeouts: { connectMs: 2000, responseMs: 2000 },
  },
  phases: { warmUpMs: 0, measureMs: 8000, drainMs: 0 },
  sysctls: { client: { "net.ipv4.tcp_tw_reuse": "0" } },
  observe: { resets: true, ports: true },
};

const variantNames = ["baseline", "tw_reuse=1"] as const;

/** Two variants, two replicates. */
export const scenario: Scenario = {
  version: 1,
  name: "tw-reuse",
  description: "Does tcp_tw_reuse lift the ceiling?",
  variants: variantNames.map((name, i) => ({ name, baseline: i === 0, spec })),
  replicates: 2,
  autoReplicates: false,
  seed: 7,
  attempts: 3,
  soak: false,
  gates: [],
  source: "version: 1\nname: tw-reuse\n",
};

export const plan: Plan = {
  scenario: "tw-reuse",
  seed: 7,
  trials: [0, 1, 2, 3].map((id) => ({
    id,
    variant: variantNames.at(id % 2) as string,
    replicate: Math.floor(id / 2),
    block: Math.floor(id / 2),
    seed: 1000 + id,
    spec,
  })),
};

/** A moment whose milliseconds matter. */
export const STARTED_AT_UNIX_MS: number = Date.UTC(2026, 10, 22, 12, 3, 4, 567);

export const start: RunStart = {
  scenario,
  plan,
  version: "0.1.0",
  startedAtUnixMs: STARTED_AT_UNIX_MS,
  tags: { commit: "abc123", branch: "main" },
};

function makeReadings(): Pick<TrialRecord, "portUses" | "listenerQueues"> {
  return {
    portUses: [1024, 2048].map((used, i) => ({
      role: "client",
      tMs: 2560.125 * (i + 1),
      source: "198.18.0.2",
      destination: "198.18.0.1",
      destinationPort: 8080,
      used,
      range: 2048,
      states: { TIME_WAIT: used },
    })),
    listenerQueues: [
      {
        role: "target",
        tMs: 1000.5,
        address: "198.18.0.1",
        port: 8080,
        depth: 3,
        limit: 4096,
        synReceived: 1,
      },
    ],
  };
}

/** What a trial of the baseline saw when its 2048 ports were used up, with every kind of thing in it. */
export function makeRecord(change: Partial<TrialRecord> = {}): TrialRecord {
  const connect = new LatencyHistogram();
  for (const us of [12.3, 12.3, 50, 400.5, 12_345.6]) connect.recordUs(us);
  return {
    tally: {
      connections: {
        intended: 3200,
        attempted: 3200,
        established: 2048,
        succeeded: 2048,
        failed: 1152,
        dropped: 0,
      },
      requests: { intended: 3200, attempted: 2048, succeeded: 2048, failed: 0, dropped: 1152 },
    },
    failures: [
      { step: "connect", errno: "EADDRNOTAVAIL", count: 1152, firstMs: 5120.25, lastMs: 7997.5 },
    ],
    histograms: [connect.toRecord("connect")],
    samples: [
      { role: "target", metric: "time_wait", tMs: 0, value: 0 },
      { role: "client", metric: "time_wait", tMs: 200.125, value: 80 },
      { role: "client", metric: "time_wait", tMs: -199.875, value: 0 },
    ],
    events: [
      { role: "client", tMs: 5120.25, kind: "ports.exhausted", detail: { errno: "EADDRNOTAVAIL" } },
    ],
    ...makeReadings(),
    sysctls: [
      {
        role: "client",
        name: "net.ipv4.tcp_tw_reuse",
        was: "2",
        requested: "0",
        effective: "0",
      },
      {
        role: "client",
        name: "net.ipv4.tcp_timestamps",
        was: "1",
        requested: null,
        effective: "1",
      },
    ],
    measurements: [
      { role: "client", metric: "connections.succeeded", value: 2048 },
      { role: "client", metric: "connections.rate", value: 256 },
      { role: "client", metric: "failures.EADDRNOTAVAIL", value: 1152 },
      { role: "client", metric: "time_wait.peak", value: 2048 },
      { role: "target", metric: "time_wait.peak", value: 0 },
    ],
    environment: { facts: { "kernel.release": "6.18.44", "cpu.count": "2", hz: "250" } },
    engine: "net",
    engineReason: "io_uring is switched off here",
    closer: "client",
    startedAtUnixMs: STARTED_AT_UNIX_MS + 250,
    measureMs: 8000,
    warnings: [{ code: "W_SAMPLES_MISSED", message: "1 of 40 samples missed" }],
    ...change,
  };
}

export function completed(change: Partial<TrialRecord> = {}): TrialOutcome {
  return { state: "completed", record: makeRecord(change) };
}

export function trialOf(id: number): Trial {
  return plan.trials.at(id) as Trial;
}

/** A directory that is removed when it is disposed. */
export class TemporaryDirectory implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "churnlab-store-"));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
