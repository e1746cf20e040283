import type {
  CounterReading,
  Environment,
  HistogramRecord,
  LiveTally,
  PortReading,
  QueueReading,
  Role,
  Shard,
  ShardReport,
  SysctlRecord,
  TargetAddress,
  TimedEvent,
  TrialSpec,
  Warning,
} from "@churnlab/core";
import type { ErrorRecord } from "@churnlab/traffic";
import type { KernelUse } from "../container-kernel.ts";
import type { JoinOrder } from "../join-container.ts";

/** What the world of a trial is to be, that is built beside its target. */
export interface WorldOrder extends Omit<JoinOrder, "refusal"> {
  readonly spec: TrialSpec;
  readonly refusal: ErrorRecord | null;
  /** Of the block of addresses. */
  readonly addressKey: number;
  readonly facts: Readonly<Record<string, string>>;
}

export interface BuiltWorld {
  /** Of the kernel that it is built on. */
  readonly bootId: string;
  readonly sysctls: readonly SysctlRecord[];
  readonly environment: Environment;
  readonly warnings: readonly Warning[];
  /** Where the target serves. */
  readonly address: TargetAddress;
  readonly agent: { readonly name: string; readonly workers: number };
  readonly looks: readonly RoleLook[];
}

/** One role's kernel at one time. */
export interface RoleLook extends CounterReading {
  readonly role: Role;
  /** CLOCK_MONOTONIC, which all containers of a machine share. */
  readonly atMs: number;
  /** null where they were not asked for, or there are none. */
  readonly queues: QueueReading | null;
  readonly ports: PortReading | null;
  /** Since the look before. */
  readonly events: readonly TimedEvent[];
  /** All so far. */
  readonly warnings: readonly Warning[];
  /** Of the target: what it keeps open towards its upstream. */
  readonly keptOpen: number;
}

/** What the load has done so far. */
export interface LiveLoad {
  readonly tally: LiveTally;
  readonly cpuUs: number | null;
  /** Since the message before; none in most. */
  readonly latencies: readonly HistogramRecord[];
}

/** Told unasked, every `SAMPLE_INTERVAL_MS`. */
export interface LiveLook {
  readonly load: LiveLoad | null;
  readonly looks: readonly RoleLook[];
}

/** What may be asked, and what is answered. */
export interface InsideCalls {
  build: { order: WorldOrder; reply: BuiltWorld };
  arm: { order: Shard; reply: { readonly engine: string | undefined } };
  run: { order: { readonly startAtMs: number }; reply: ShardReport };
  stop: { order: null; reply: null };
  look: { order: { readonly role: Role; readonly atMs: number }; reply: RoleLook };
  use: { order: null; reply: KernelUse };
}

export type CallName = keyof InsideCalls;

export interface CallMessage<Name extends CallName = CallName> {
  readonly id: number;
  readonly name: Name;
  readonly order: InsideCalls[Name]["order"];
}

export type InsideMessage =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly error: ErrorRecord }
  | { readonly live: LiveLook };
