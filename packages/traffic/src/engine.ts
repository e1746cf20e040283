import type { EngineName, TargetAddress, Workload } from "@churnlab/core";
import type { WorkerCounters } from "./worker-counters.ts";

/** What one worker thread has to do. All times are milliseconds on CLOCK_MONOTONIC (see `monotonicMs`). */
export interface WorkerJob {
  readonly workload: Workload;
  readonly target: TargetAddress;
  /** This thread's part of the global schedule: arrivals and connections `index`, `index + of`, … */
  readonly worker: { readonly index: number; readonly of: number };
  /** The address of the client namespace this thread lives in, for the bind modes that need one. */
  readonly sourceAddress: string;
  /** This thread's place among the workers that share its client namespace; alone when absent. */
  readonly sourceShare?: { readonly index: number; readonly of: number };
  readonly seed: number;
  readonly startAtMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Whether an engine works here, and if not, why not, in words. */
export type EngineProbe =
  | { readonly works: true }
  | { readonly works: false; readonly reason: string };

/**
 * Something that can run a workload. Every engine means the same by it:
 *
 * **Units of work.** `short-lived`: a connection that carries its requests one after another and closes. `keep-alive`: a
 * request, carried by the idle connection used last, else by a new one. `hold`: a connection that carries no request, stays
 * open until the end of the measure phase (or its lifetime), and is then closed by the client.
 *
 * **Arrivals.** Open loop: the worker's part of the global schedule (`ArrivalSchedule`). Every arrival of a phase is
 * `intended`. It is `dropped` when it is more than `LATENESS_MAX_MS` late or the worker has `IN_FLIGHT_MAX` units in flight;
 * else it is `attempted`, even if its turn comes after the end of the phase. Closed loop: `connections` slots, split exactly
 * over the workers; a slot begins its next unit when the one before has ended, and none after the end of the measure phase;
 * what is begun is what was intended. A limit counts units of the measure phase and is split exactly over the workers.
 * After a connection that failed at `bind` or `connect` its slot waits its turn in the worker's queue of retries, one every
 * `RETRY_GAP_MS`; an open loop stays on its schedule. Nothing ever spins.
 *
 * **Ledgers.** A unit is counted in the bank of the phase in which its intended start lies. Where requests are the units,
 * a connection is intended and attempted when it is opened; where connections are, a request is when it is sent. A request of
 * a keep-alive workload whose connection cannot be opened fails, and so does the connection.
 *
 * **Requests of a connection.** Their number is drawn when it is opened (`drawRequests`). A request is the last when this
 * number is reached or the connection is older than its lifetime as it is sent. Between an answer and the next request of the
 * connection lies the think time. After the end of the measure phase no request begins that has no arrival: a connection that
 * waits, thinks or is held is closed then, which is a success; in flight is what has an answer or a close to wait for.
 *
 * **Closing.** Closer `client`: after the last answer the client closes: `fin` close(2); `rst` close with SO_LINGER {1, 0};
 * `half` shutdown(SHUT_WR), wait for the server's FIN, close. Closer `server`: the last request is marked (`encodeRequests`),
 * the client waits for the server's end of stream, or for its reset where the mode is `rst`, and then closes. The client also
 * closes, in the same mode, where no last request could be marked: at the end of the phase and at the end of a hold.
 * A connection has succeeded when it was opened, had all its requests answered, and was closed so.
 *
 * **Failures** keep the first cause, a step and an errno. Silence longer than `timeouts.connect` is ETIMEDOUT at `connect`;
 * an answer, measured from its request, or the other side's close, that takes longer than `timeouts.response` is ETIMEDOUT at
 * `receive` (`send` while the request is not yet handed to the kernel) or `close`. End of stream before the answer is whole is
 * EOF at `receive`; bytes that are no answer are EPROTO at `receive`. A connection that its peer closes while it is idle has
 * failed with EOF at `receive`, unless its requests are unlimited and one was answered. EADDRINUSE of a bound socket is of
 * `bind`, whichever call reports it. A reset that arrives before the engine has looked at the handshake is of `connect`.
 *
 * **Latencies** are of the measure bank. `schedule`: of every unit attempted in open loop. `connect`: call to established.
 * `first_byte`, `request`: from the moment the request is sent, of requests that succeeded. `total`: intended start of a unit to its end, the closed
 * socket or, of a keep-alive request, the whole answer; of units that succeeded; a hold has none.
 *
 * An engine starts no load before `startAtMs`. It looks at `counters.stopping` at least every `SWEEP_MS`, and after a longer pause before it begins
 * anything, and then begins nothing, closes what idles, thinks or is held, and ends what is in flight as `UNFINISHED`. It returns when every connection it opened is
 * closed and counted. It may block its thread; it may not throw for anything the network does.
 */
export interface Engine {
  readonly name: EngineName;
  probe(): EngineProbe;
  /** Null when it can run the workload, else why it cannot (for example TLS on `ring`). */
  refuses(workload: Workload, target: TargetAddress): string | null;
  run(job: WorkerJob, counters: WorkerCounters): Promise<void>;
}
