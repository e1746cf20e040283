import { ArrivalSchedule } from "../arrival-schedule.ts";
import type { WorkerJob } from "../engine.ts";
import { LATENESS_MAX_MS } from "../limits.ts";
import { monotonicMs } from "../monotonic.ts";
import { MEASURE } from "../worker-counters.ts";
import type { Load, Source } from "./load.ts";

/** After this many starts in a row the sockets get their turn. */
const BURST_MAX = 64;

/** How far before an arrival the timer may fire; what is left is waited for by polling. */
const POLL_MS = 0.5;

/** Polling is for gaps at least this long, so that it takes a fraction of a core only. */
const POLLED_GAP_MIN_MS = 4;

/**
 * Begins units on schedule, whatever becomes of them. libuv's timers count whole milliseconds and fire up to one late, so a
 * timer aims half a millisecond early and the event loop polls for the rest, where arrivals are far enough apart to afford it.
 */
export class OpenLoop implements Source {
  readonly #schedule: ArrivalSchedule;
  #load!: Load;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #previousAtMs = 0;

  constructor(job: WorkerJob) {
    this.#schedule = new ArrivalSchedule(job);
  }

  start(load: Load): void {
    this.#load = load;
    this.#turn();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
  }

  readonly #turn = (): void => {
    if (this.#load.counters.stopping) return; // the next sweep ends what is in flight
    this.#beginDue();
    const waitMs = this.#schedule.nextAtMs - monotonicMs();
    if (waitMs === Number.POSITIVE_INFINITY) {
      this.#load.arrivalsOver();
    } else if (waitMs <= 0 || (waitMs <= POLL_MS && this.#mayPoll())) {
      this.#immediate = setImmediate(this.#turn);
    } else {
      this.#timer = setTimeout(this.#turn, Math.max(1, Math.round(waitMs)));
    }
  };

  #mayPoll(): boolean {
    return this.#schedule.nextAtMs - this.#previousAtMs >= POLLED_GAP_MIN_MS;
  }

  #beginDue(): void {
    const schedule = this.#schedule;
    for (let begun = 0; begun < BURST_MAX; begun++) {
      const latenessMs = monotonicMs() - schedule.nextAtMs;
      if (latenessMs < 0 || schedule.nextAtMs === Number.POSITIVE_INFINITY) return;
      this.#begin(latenessMs);
      this.#previousAtMs = schedule.nextAtMs;
      schedule.advance();
    }
  }

  #begin(latenessMs: number): void {
    const { bank, nextAtMs: intendedAtMs } = this.#schedule;
    if (latenessMs > LATENESS_MAX_MS || this.#load.full) {
      this.#load.drop(bank);
      return;
    }
    this.#load.counters.begin(latenessMs);
    if (bank === MEASURE) this.#load.counters.latency("schedule", latenessMs * 1000);
    this.#load.begin({ bank, intendedAtMs, slot: null });
  }
}
