import type { ConnectionStep } from "@churnlab/core";
import type { AnswerFacts } from "../response-reader.ts";

/**
 * One connection as an event-driven engine carries it: calls go down, events come up. It knows bytes and sockets, nothing of
 * workloads, phases or counts. `Connection` is the only user.
 */
export interface Wire {
  /** Sends a request; `last` is the request after whose answer the server closes. */
  send(last: boolean): void;
  /** Whether the request is not yet handed to the kernel. */
  sendPending(): boolean;
  /** Closes in the workload's mode. `half` only shuts down: `ended` or a failure follows, and then `abort`. */
  close(): void;
  /** Closes at once, by close(2). */
  abort(): void;
}

/** At most one of each per request or connection, in this order; `failed` at any time, `closed` always and last. */
export interface WireEvents {
  established(): void;
  firstByte(): void;
  /** A whole answer has come. */
  answered(answer: AnswerFacts): void;
  /** What has come is no answer. */
  garbled(): void;
  /** The peer has ended its stream. */
  ended(): void;
  /** A call failed. The wire closes itself after this. */
  failed(step: ConnectionStep, errno: number): void;
  closed(): void;
}

/** Begins to connect. Nothing is reported before it returns. */
export type Dial = (events: WireEvents) => Wire;
