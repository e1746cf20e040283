import { monotonicMs } from "../monotonic.ts";
import type { ArmedWorker } from "./armed-worker.ts";

/**
 * CPU time of worker threads over the measure phase, read from outside at its start and its end, so that it works for engines
 * that block their thread. Made before the start, when the threads are idle.
 */
export class CpuWatch implements Disposable {
  readonly #workers: readonly ArmedWorker[];
  readonly #measureMs: number;
  readonly #timers: NodeJS.Timeout[];
  #atMeasure: readonly number[];
  #atEnd: readonly number[] | null = null;

  constructor(
    workers: readonly ArmedWorker[],
    phase: { readonly measureAtMs: number; readonly measureMs: number },
  ) {
    this.#workers = workers;
    this.#measureMs = phase.measureMs;
    this.#atMeasure = this.#read();
    const untilMeasureMs = Math.max(0, phase.measureAtMs - monotonicMs());
    this.#timers = [
      setTimeout(() => {
        this.#atMeasure = this.#read();
      }, untilMeasureMs),
      setTimeout(() => {
        this.#atEnd = this.#read();
      }, untilMeasureMs + phase.measureMs),
    ];
  }

  /** `cpuUs` until now, with what was in flight at the end; `cpuShareMax` of the measure phase itself. */
  conclude(): { readonly cpuUs: number; readonly cpuShareMax: number } {
    const now = this.#read();
    const atEnd = this.#atEnd ?? now;
    const sum = now.reduce((total, us, i) => total + us - (this.#atMeasure[i] as number), 0);
    const shares = atEnd.map(
      (us, i) => (us - (this.#atMeasure[i] as number)) / 1000 / this.#measureMs,
    );
    return { cpuUs: Math.max(0, sum), cpuShareMax: Math.max(0, ...shares) };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #read(): number[] {
    return this.#workers.map((worker) => worker.readCpuUs());
  }
}
