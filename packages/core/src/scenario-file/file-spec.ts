import type { Role } from "../role.ts";
import type {
  ArrivalShape,
  BindMode,
  CloseMode,
  Closer,
  EngineName,
  Misbehaviour,
  TargetSpec,
  TestbedKind,
  Topology,
  UpstreamSpec,
  WorkloadKind,
} from "../scenario.ts";

/** Every field may be absent: a variant leaves it to the scenario, the scenario to the defaults. */
type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Durations are milliseconds and rates per second: units are read, defaults not yet filled in. */
export type FileArrival = Optional<{
  model: "open" | "closed";
  rate: number;
  shape: ArrivalShape;
  to: number;
  steps: number;
  connections: number;
  limit: number;
}>;

export type FileWorkload = Optional<{
  kind: WorkloadKind;
  closer: Closer;
  close: CloseMode;
  bind: BindMode;
  /** A number, `unlimited`, or a range such as `4..16`. */
  requestsPerConnection: number | string;
  lifetime: number;
  thinkTime: number;
  protocol: "http" | "raw";
  requestBytes: number;
  responseBytes: number;
  arrival: FileArrival;
  sources: number;
  workers: number;
  engine: EngineName | "auto";
  timeouts: Optional<{ connect: number; response: number }>;
}>;

export type FileTarget = Optional<{
  server: "builtin" | "fastify";
  command: readonly string[];
  image: string;
  url: string;
  port: number;
  env: Readonly<Record<string, number | string>>;
  backlog: number;
  delay: number;
  misbehaviour: Misbehaviour;
  engine: Extract<TargetSpec, { server: string }>["engine"];
}>;

export type FileUpstream = Optional<{
  connections: UpstreamSpec["connections"];
  poolSize: number;
  idleTimeout: number;
}>;

export type FileFleet = Optional<{
  agents: number;
  labels: Readonly<Record<string, number | string>>;
  perAgent: Optional<{ workers: number; sources: number }>;
  target: Optional<{ labels: Readonly<Record<string, number | string>> }>;
}>;

export type FileSpec = Optional<{
  testbed: TestbedKind;
  topology: Topology;
  target: FileTarget;
  upstream: FileUpstream;
  workload: FileWorkload;
  phases: Optional<{ warmUp: number; measure: number; drain: number }>;
  sysctls: Optional<Record<Role, Readonly<Record<string, number | string>>>>;
  fleet: FileFleet;
  observe: Optional<{ resets: boolean; ports: boolean }>;
}>;

export type FileGate = {
  readonly metric: string;
} & Optional<{
  variant: string;
  max: number | string;
  min: number | string;
  equals: number | string;
  against: string;
  worseBy: string;
  within: string;
  budget: string;
}>;

/** What a scenario file says besides the fields of its trials. */
export type FileHeader = Optional<{
  version: 1;
  name: string;
  description: string;
  replicates: number | "auto";
  seed: number;
  attempts: number;
  soak: boolean;
  gates: readonly FileGate[];
}>;
