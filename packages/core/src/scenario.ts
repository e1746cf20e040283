import type { Role } from "./role.ts";

export const TESTBED_KINDS = ["netns", "docker", "external"] as const;
export type TestbedKind = (typeof TESTBED_KINDS)[number];

export const TOPOLOGIES = ["direct", "gateway"] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** `short-lived` is netperf's TCP_CRR, `keep-alive` its TCP_RR; `hold` opens connections and keeps them. */
export const WORKLOAD_KINDS = ["short-lived", "keep-alive", "hold"] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** Who sends the first FIN, and so who holds TIME_WAIT (RFC 9293 §3.6). */
export const CLOSERS = ["client", "server"] as const;
export type Closer = (typeof CLOSERS)[number];

/** `half` shuts down the sending side and waits for the peer's FIN before closing. */
export const CLOSE_MODES = ["fin", "rst", "half"] as const;
export type CloseMode = (typeof CLOSE_MODES)[number];

export const BIND_MODES = ["none", "address", "address-no-port", "port"] as const;
export type BindMode = (typeof BIND_MODES)[number];

export const ENGINE_NAMES = ["ring", "epoll", "net", "undici"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export const ARRIVAL_SHAPES = ["constant", "poisson", "ramp", "step"] as const;
export type ArrivalShape = (typeof ARRIVAL_SHAPES)[number];

/**
 * When work arrives. A unit of work is a connection for `short-lived` and `hold`, a request for `keep-alive`
 * (carried by an idle connection of the pool, or by a new one).
 */
export type Arrival =
  | {
      readonly model: "open";
      readonly shape: ArrivalShape;
      readonly ratePerS: number;
      /** `ramp` and `step`: the rate at the end. */
      readonly toPerS: number | null;
      /** `step`: how many equal steps lead from `ratePerS` to `toPerS`, both included. */
      readonly steps: number | null;
      /** Stop after this many arrivals in the measure phase. */
      readonly limit: number | null;
    }
  | {
      readonly model: "closed";
      readonly connections: number;
      readonly limit: number | null;
    };

export type RequestsPerConnection =
  | number
  | "unlimited"
  | { readonly from: number; readonly to: number };

export interface Workload {
  readonly kind: WorkloadKind;
  readonly closer: Closer;
  readonly close: CloseMode;
  readonly bind: BindMode;
  readonly requestsPerConnection: RequestsPerConnection;
  /** A connection older than this is closed after its current request; null: no bound. */
  readonly lifetimeMs: number | null;
  /** Pause between a response and the next request of the same connection. */
  readonly thinkMs: number;
  /** `raw`: `requestBytes` out, `responseBytes` back, without any framing. */
  readonly protocol: "http" | "raw";
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly arrival: Arrival;
  /** Client namespaces, one source address each. */
  readonly sources: number;
  /** Worker threads; null: chosen from the sources and the processors. */
  readonly workers: number | null;
  readonly engine: EngineName | "auto";
  readonly timeouts: {
    readonly connectMs: number;
    readonly responseMs: number;
  };
}

/** What a built-in target does wrong on request. */
export const MISBEHAVIOURS = [
  "none",
  "reset-after-accept",
  "close-with-unread-data",
  "never-close",
  "never-accept",
] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];

export const BUILTIN_SERVERS = ["builtin", "fastify"] as const;

/** The engines that a built-in server can run on. */
export const TARGET_ENGINES = ["auto", "ring", "epoll", "net"] as const;

export type TargetSpec =
  | {
      readonly server: (typeof BUILTIN_SERVERS)[number];
      readonly port: number;
      /** The `backlog` argument of listen(2); the kernel caps it with net.core.somaxconn. */
      readonly backlog: number;
      readonly delayMs: number;
      readonly misbehaviour: Misbehaviour;
      /** The engine of the built-in server. */
      readonly engine: (typeof TARGET_ENGINES)[number];
    }
  | {
      /** `{host}`, `{port}`, `{upstream}` and `{dir}` in its words stand for what the trial gives it. */
      readonly command: readonly string[];
      readonly port: number;
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly image: string;
      readonly port: number;
      readonly command: readonly string[] | null;
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly url: string };

/** `short-lived`: one connection to the upstream for each request; `pooled`: connections are kept and shared. */
export const UPSTREAM_CONNECTIONS = ["short-lived", "pooled"] as const;

/** How the built-in gateway dials its upstream. */
export interface UpstreamSpec {
  readonly connections: (typeof UPSTREAM_CONNECTIONS)[number];
  /** `pooled`: at most so many at once; requests wait for one. */
  readonly poolSize: number;
  /** `pooled`: a connection without a request for so long is closed by the gateway. */
  readonly idleTimeoutMs: number;
}

/** The machines of a trial, where agents on other machines are to do it. */
export interface FleetSpec {
  /** Agents that offer load. */
  readonly agents: number;
  /** An agent is taken only where it has all of these. */
  readonly labels: Readonly<Record<string, string>>;
  readonly perAgent: {
    /** Worker threads of each; null: as many as its sources, or its processors where that is more. */
    readonly workers: number | null;
    /** Source addresses of each; `workload.sources` is the sum over the agents. */
    readonly sources: number;
  };
  /** The agent that offers the target is taken only where it has all of these. */
  readonly target: { readonly labels: Readonly<Record<string, string>> };
}

export interface Phases {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly drainMs: number;
}

/** Values to write, by role and sysctl name; values are strings as the kernel prints them. */
export type SysctlSettings = Readonly<Partial<Record<Role, Readonly<Record<string, string>>>>>;

/** Everything one trial needs to know: a variant merged over its scenario. */
export interface TrialSpec {
  readonly testbed: TestbedKind;
  readonly topology: Topology;
  readonly target: TargetSpec;
  /** Topology gateway only. */
  readonly upstream?: UpstreamSpec;
  readonly workload: Workload;
  readonly phases: Phases;
  readonly sysctls: SysctlSettings;
  /** Absent where everything is on this machine. */
  readonly fleet?: FleetSpec;
  readonly observe: { readonly resets: boolean; readonly ports: boolean };
}

export interface Variant {
  readonly name: string;
  readonly baseline: boolean;
  readonly spec: TrialSpec;
}

/** A bound that a run must keep; see `judgeGates`. Exactly one kind of bound is set. */
export interface Gate {
  /** `role.metric`, for example `client.failures.EADDRNOTAVAIL`. */
  readonly metric: string;
  /** null: every variant. */
  readonly variant: string | null;
  readonly bound:
    | { readonly kind: "max" | "min" | "equals"; readonly value: number }
    | {
        readonly kind: "against";
        /** `baseline` for the scenario's, or the name of a variant. */
        readonly baseline: string;
        readonly worseBy: number;
        /** Events per connection that are tolerated where the baseline has none; 1e-5 when absent. */
        readonly budget?: number;
      }
    | {
        /** What the port model predicts of the variant; a trial may lie so far off, relative to it. */
        readonly kind: "model";
        readonly within: number;
      };
}

/** A scenario file, checked and with every default filled in. */
export interface Scenario {
  readonly version: 1;
  readonly name: string;
  readonly description: string;
  readonly variants: readonly Variant[];
  /** How often each variant runs; at most so often where `autoReplicates` is set. */
  readonly replicates: number;
  /** `replicates: auto`: the run ends at the first look at which its intervals are narrow enough. */
  readonly autoReplicates: boolean;
  readonly seed: number;
  /** How often a trial is begun at most: one that lost an agent is repeated. */
  readonly attempts: number;
  /** A trial that loses an agent goes on with those left, and is degraded. */
  readonly soak: boolean;
  readonly gates: readonly Gate[];
  /** The text as it was read, stored with the run. */
  readonly source: string;
  /** What was written over that text before it was checked; absent where it holds as it is. */
  readonly overrides?: SourceOverrides;
  /** Flags of `run` that say where its trials ran and what it was allowed; without secrets, absent where there are none. */
  readonly placeFlags?: readonly string[];
}

/** Flags that make another scenario of the same text; with them and the text it can be had again. */
export interface SourceOverrides {
  /** `path=value`, in order. */
  readonly set: readonly string[];
  /** Lists of the variants that were kept; empty: all. */
  readonly only: readonly string[];
  /** null: those of the text, or of `set`. */
  readonly replicates: number | "auto" | null;
}
