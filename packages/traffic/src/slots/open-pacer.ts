import { ArrivalSchedule } from "../arrival-schedule.ts";
import type { WorkerJob } from "../engine.ts";
import { LATENESS_MAX_MS } from "../limits.ts";
import { monotonicMs } from "../monotonic.ts";
import { MEASURE } from "../worker-counters.ts";
import { BURST_MAX, type PacedLoad, type Pacer } from "./pacer.ts";

/** Begins units on schedule, whatever becomes of them. The kernel's timer wakes the engine within 0.1 ms. */
export class OpenPacer implements Pacer {
  readonly #schedule: ArrivalSchedule;
  readonly #load: PacedLoad;

  constructor(job: WorkerJob, load: PacedLoad) {
    this.#schedule = new ArrivalSchedule(job);
    this.#load = load;
  }

  get over(): boolean {
    return this.nextAtMs === Number.POSITIVE_INFINITY;
  }

  get nextAtMs(): number {
    return this.#schedule.nextAtMs;
  }

  pace(): void {
    const schedule = this.#schedule;
    for (let begun = 0; begun < BURST_MAX; begun++) {
      const latenessMs = monotonicMs() - schedule.nextAtMs;
      if (!(latenessMs >= 0)) return;
      this.#begin(latenessMs);
      schedule.advance();
    }
  }

  unitEnded(): void {}

  stop(): void {
    this.#schedule.nextAtMs = Number.POSITIVE_INFINITY;
  }

  #begin(latenessMs: number): void {
    const { bank, nextAtMs: intendedAtMs } = this.#schedule;
    const load = this.#load;
    if (latenessMs > LATENESS_MAX_MS || load.full) {
      load.drop(bank);
      return;
    }
    load.counters.begin(latenessMs);
    if (bank === MEASURE) load.counters.latency("schedule", latenessMs * 1000);
    load.connections.nowMs = intendedAtMs + latenessMs;
    load.begin(bank, intendedAtMs);
  }
}
