/** What one trial may ask for at most: of a scenario file, and of whoever sends a trial to be run elsewhere. */
export const SCENARIO_BOUNDS: {
  /** Any duration. */
  readonly durationMs: number;
  readonly ratePerS: number;
  /** Arrivals of a trial, and requests of a connection. */
  readonly arrivals: number;
  readonly requests: number;
  /** Of a closed loop. */
  readonly connections: number;
  /** Of a request, and of a response. */
  readonly bytes: number;
  readonly rampSteps: number;
  /** Of one machine: source addresses, and worker threads. */
  readonly sources: number;
  readonly workers: number;
  readonly agents: number;
  /** TCP (RFC 9293 §3.1). */
  readonly port: number;
  /** Argument of listen(2). */
  readonly backlog: number;
  /** Connections to one upstream, which has so many ports for them. */
  readonly poolSize: number;
} = {
  durationMs: 48 * 3_600_000,
  ratePerS: 10_000_000,
  arrivals: 1_000_000_000,
  requests: 1_000_000_000,
  connections: 1_000_000,
  bytes: 1_073_741_824,
  rampSteps: 1000,
  sources: 250,
  workers: 250,
  agents: 1000,
  port: 65_535,
  backlog: 65_535,
  poolSize: 65_535,
};
