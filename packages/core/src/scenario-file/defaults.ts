/** What a scenario that does not say gets. The JSON Schema shows the same values. */
export const DEFAULTS = {
  description: "",
  testbed: "netns",
  topology: "direct",
  replicates: 3,
  seed: 1,
  attempts: 2,
  soak: false,
  target: {
    server: "builtin",
    port: 8080,
    backlog: 4096,
    delay: "0ms",
    misbehaviour: "none",
    engine: "auto",
  },
  upstream: { connections: "short-lived", poolSize: 64, idleTimeout: "60s" },
  workload: {
    closer: "client",
    close: "fin",
    bind: "none",
    protocol: "http",
    sources: 1,
    engine: "auto",
    thinkTime: "0s",
    connectTimeout: "2s",
    responseTimeout: "2s",
    shape: "constant",
  },
  /** A held connection is opened and kept: it asks for nothing. */
  requestsByKind: { "short-lived": 1, "keep-alive": "unlimited", hold: 0 },
  /** `raw` as neper's tcp_crr: one byte each way. */
  bytesByProtocol: { http: { request: 0, response: 64 }, raw: { request: 1, response: 1 } },
  phases: { warmUp: "0s", measure: "8s", drain: "0s" },
  fleet: { agents: 1, perAgent: { sources: 1 } },
  observe: { resets: true, ports: true },
} as const;
