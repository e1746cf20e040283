import { type Arrival, shareOf } from "@churnlab/core";
import type { WorkerJob } from "../engine.ts";
import { RETRY_GAP_MS } from "../limits.ts";
import { monotonicMs } from "../monotonic.ts";
import { MEASURE, WARM_UP } from "../worker-counters.ts";
import type { Load, Source } from "./load.ts";
import type { Slot } from "./unit.ts";

type ClosedArrival = Extract<Arrival, { model: "closed" }>;

/**
 * Keeps a number of slots busy until the measure phase ends or its limit is used up. A slot whose connection could not be
 * opened queues for a retry; one retry begins every `RETRY_GAP_MS`.
 */
export class ClosedLoop implements Source {
  readonly #slots: number;
  readonly #startAtMs: number;
  #allowance: number;
  #load!: Load;
  #over = false;
  #timer: NodeJS.Timeout | null = null;
  #retries: NodeJS.Timeout | null = null;
  #retrying = 0;
  readonly #slot: Slot = {
    free: ({ unopened }) => {
      if (unopened) this.#retryLater();
      else this.#next();
    },
  };

  constructor(job: WorkerJob, arrival: ClosedArrival) {
    const { index, of } = job.worker;
    this.#slots = shareOf(arrival.connections, of, index);
    this.#startAtMs = job.startAtMs;
    this.#allowance = arrival.limit === null ? Infinity : shareOf(arrival.limit, of, index);
  }

  start(load: Load): void {
    this.#load = load;
    if (this.#slots === 0) {
      this.#end();
      return;
    }
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, this.#startAtMs - monotonicMs()));
  }

  stop(): void {
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#retries !== null) clearInterval(this.#retries);
  }

  #begin(): void {
    const leftMs = this.#load.endAtMs - monotonicMs();
    this.#timer = setTimeout(() => this.#end(), Math.max(0, leftMs));
    for (let i = 0; i < this.#slots && !this.#over; i++) this.#next();
  }

  #next(): void {
    // The phase's own timer may end it a fraction before this one's: what it closes frees slots that must stay free.
    if (this.#over || this.#load.ending || this.#load.counters.stopping) return;
    // Timers count whole milliseconds and may fire a fraction early.
    const nowMs = Math.max(monotonicMs(), this.#startAtMs);
    if (nowMs >= this.#load.endAtMs) return;
    const bank = nowMs < this.#load.measureAtMs ? WARM_UP : MEASURE;
    if (bank === MEASURE && --this.#allowance < 0) {
      this.#end();
      return;
    }
    this.#load.counters.begin(nowMs - this.#startAtMs);
    this.#load.begin({ bank, intendedAtMs: nowMs, slot: this.#slot });
  }

  #retryLater(): void {
    if (this.#over) return;
    this.#retrying++;
    this.#retries ??= setInterval(() => this.#retry(), RETRY_GAP_MS);
  }

  #retry(): void {
    this.#retrying--;
    if (this.#retrying === 0 && this.#retries !== null) {
      clearInterval(this.#retries);
      this.#retries = null;
    }
    this.#next();
  }

  #end(): void {
    if (this.#over) return;
    this.stop();
    this.#load.arrivalsOver();
  }
}
