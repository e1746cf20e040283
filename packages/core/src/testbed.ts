import type { Agent, TargetAddress } from "./agent.ts";
import type { Measurement } from "./measurement.ts";
import type {
  Environment,
  ListenerQueues,
  PortUse,
  SysctlRecord,
  TrialEvent,
} from "./observation.ts";
import type { ResultPieceId } from "./result-piece-id.ts";
import type { Role } from "./role.ts";
import type { Trial } from "./trial.ts";
import type { Warning } from "./warnings.ts";

/** An event at its time on the caller's monotonic clock, before it is known when the trial's measure phase began. */
export type TimedEvent = Omit<TrialEvent, "tMs"> & { readonly atMs: number };

/** What a server counts of itself while it runs, read together with its host's kernel. Synchronous and cheap. */
export interface ServerAccount {
  /** Cumulative, by metric; one that is absent is 0. */
  readCounters(): Readonly<Record<string, number>>;
  /** Values of now, by stored metric name. Absent where it has none. */
  readGauges?(): Readonly<Record<string, number>>;
  /** Events since the last call. */
  takeEvents(): readonly TimedEvent[];
}

/** The server under test while a trial runs. */
export interface Target {
  readonly address: TargetAddress;
  /** null while it runs; what happened once it has ended by itself. */
  ended(): string | null;
  /** Its own numbers (CPU per connection, accepted connections) where it is ours; else an empty list. */
  measure(): Promise<readonly Measurement[]>;
  /** The measure phase begins: counts of `measure` are from here on, at the latest when this resolves. Absent where it has none. */
  markMeasure?(): Promise<void> | void;
  /** Absent where nothing is known of it while it serves. */
  readonly account?: ServerAccount;
  /** Connections to an upstream that it keeps between requests, and so after the load. Absent where it is not known. */
  keptOpen?(): number;
  /** The end of what it wrote, at most 64 KiB. Absent where it writes nothing. */
  readLog?(): string;
  /** Doubts about its own numbers, once it was measured. Absent where it has none. */
  conclude?(): readonly Warning[];
}

/** Cumulative kernel counters and gauges of one namespace, by stored metric name. */
export interface CounterReading {
  /** `time_wait`, `tcp.inuse`, … : values of now. */
  readonly gauges: Readonly<Record<string, number>>;
  /** `tcp.ActiveOpens`, `tcpext.TW`, `rst.received`, … : since the namespace or its observer exists. */
  readonly counters: Readonly<Record<string, number>>;
  /** When it was taken, on the caller's monotonic clock; absent where that is now. */
  readonly atMs?: number;
}

/** A look that another host is asked for. */
export interface RemoteLook {
  /** On the caller's monotonic clock; at once where it is past. */
  readonly atMs: number;
  /** The measure phase begins with it. */
  readonly marks: boolean;
}

/** Use of the local port range, and sockets by TCP state. */
export interface PortReading {
  readonly states: Readonly<Record<string, number>>;
  /** Distinct local ports in use towards the busiest (source, destination, destination port). */
  readonly used: number;
  /** Ports of the range that are not reserved, where those are used. */
  readonly range: number;
  /** Every tuple with an outbound socket, those of most ports first; of each source at most as many as the observer's bound. */
  readonly tuples: readonly PortUse[];
  /** Tuples that the bound left off. */
  readonly tuplesLeftOff: number;
  /** When it was taken, on the caller's monotonic clock; absent where that is now. */
  readonly atMs?: number;
}

/** What waits at a role's listeners. */
export interface QueueReading {
  readonly listeners: readonly ListenerQueues[];
  /** Handshakes that wait for the last ACK, also those whose listener is closed by now. */
  readonly synReceived: number;
}

/** Everything that is seen of one role's kernel from outside, without entering the traffic's way. */
export interface Observer {
  readonly role: Role;
  /** Cheap (tens of microseconds) and synchronous. Throws when the namespace is gone. */
  readCounters(): CounterReading;
  /**
   * On another host: a look that was taken there at its time. What the synchronous reads give afterwards is no older.
   * Rejects with `E_AGENT` when that host is lost. Absent where reads are of now.
   */
  lookAt?(look: RemoteLook): Promise<CounterReading>;
  /** On another host: how far apart its samples are. Absent where reads are of now. */
  readonly sampleMs?: number;
  /** Listen and SYN queues, each listener's own; null where nothing listens, or they are not available. */
  readQueues(): QueueReading | null;
  /** A full dump; null where not available. */
  readPorts(): PortReading | null;
  /** Events since the last call. */
  takeEvents(): readonly TimedEvent[];
  /** Its doubts about what it saw. */
  conclude(): readonly Warning[];
  close(): void;
}

/** One trial's world: built fresh, observed, and gone when disposed. */
export interface TrialWorld extends AsyncDisposable {
  readonly agents: readonly Agent[];
  readonly target: Target;
  readonly observers: readonly Observer[];
  /** Sysctls that were asked for, with what they were and what they read back as. */
  readonly sysctls: readonly SysctlRecord[];
  readonly environment: Environment;
  readonly warnings: readonly Warning[];
  /** From the decision to start to the start, for a message to reach every agent; a few milliseconds where absent. */
  readonly startLeadMs?: number;
  /** Doubts and figures about the world itself, once the trial is over: how well clocks agreed. Absent where it has none. */
  conclude?(): Promise<WorldConclusion>;
}

/** What a world knows of itself at the end of a trial. */
export interface WorldConclusion {
  readonly measurements: readonly Measurement[];
  readonly warnings: readonly Warning[];
}

/** Builds worlds of one kind: namespaces, containers, or a host that is not ours. */
export interface Testbed {
  build(trial: Trial, signal: AbortSignal): Promise<TrialWorld>;
  /** The pieces of agents' results that the attempt at a trial is made of, until it is confirmed. Absent where there are none. */
  collected?(trial: Trial): readonly ResultPieceId[];
  /** A trial is stored durably: what was kept for the case that it is not may go. */
  confirm?(trial: Trial): void;
  close(): Promise<void>;
}
