import { type Arrival, shareOf } from "@churnlab/core";
import type { WorkerJob } from "../engine.ts";
import { RETRY_GAP_MS } from "../limits.ts";
import { monotonicMs } from "../monotonic.ts";
import { MEASURE, WARM_UP } from "../worker-counters.ts";
import { BURST_MAX, type PacedLoad, type Pacer } from "./pacer.ts";

type ClosedArrival = Extract<Arrival, { model: "closed" }>;

/** Keeps a number of units in flight; see `ClosedLoop`, whose rules these are. */
export class ClosedPacer implements Pacer {
  over = false;
  readonly #load: PacedLoad;
  readonly #startAtMs: number;
  readonly #endAtMs: number;
  readonly #measureAtMs: number;
  #allowance: number;
  /** Units that may begin at once. */
  #ready: number;
  #retrying = 0;
  #nextRetryAtMs = 0;

  constructor(job: WorkerJob, arrival: ClosedArrival, load: PacedLoad) {
    const { index, of } = job.worker;
    this.#load = load;
    this.#startAtMs = job.startAtMs;
    this.#measureAtMs = job.startAtMs + job.warmUpMs;
    this.#endAtMs = this.#measureAtMs + job.measureMs;
    this.#allowance = arrival.limit === null ? Infinity : shareOf(arrival.limit, of, index);
    this.#ready = shareOf(arrival.connections, of, index);
    if (this.#ready === 0) this.over = true;
  }

  get nextAtMs(): number {
    if (this.over) return Number.POSITIVE_INFINITY;
    if (this.#ready > 0) return this.#startAtMs;
    return this.#retrying > 0 ? Math.min(this.#nextRetryAtMs, this.#endAtMs) : this.#endAtMs;
  }

  pace(nowMs: number): void {
    if (this.over || nowMs < this.#startAtMs) return;
    if (nowMs >= this.#endAtMs) {
      this.over = true;
      return;
    }
    for (let begun = 0; begun < BURST_MAX && this.#ready > 0 && !this.over; begun++) {
      this.#ready--;
      this.#begin();
    }
    if (this.#retrying > 0 && nowMs >= this.#nextRetryAtMs && !this.over) {
      this.#retrying--;
      this.#nextRetryAtMs = nowMs + RETRY_GAP_MS;
      this.#begin();
    }
  }

  unitEnded(unopened: boolean, nowMs: number): void {
    if (!unopened) {
      this.#ready++;
      return;
    }
    if (this.#retrying === 0) this.#nextRetryAtMs = nowMs + RETRY_GAP_MS;
    this.#retrying++;
  }

  stop(): void {
    this.over = true;
  }

  #begin(): void {
    const nowMs = monotonicMs();
    this.#load.connections.nowMs = nowMs;
    const bank = nowMs < this.#measureAtMs ? WARM_UP : MEASURE;
    if (bank === MEASURE && --this.#allowance < 0) {
      this.over = true;
      return;
    }
    this.#load.counters.begin(nowMs - this.#startAtMs);
    this.#load.begin(bank, nowMs);
  }
}
