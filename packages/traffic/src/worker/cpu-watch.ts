import type { ShardReport } from "@churnlab/core";
import { monotonicMs } from "../monotonic.ts";
import type { ArmedWorker } from "./armed-worker.ts";

/** What every thread had used, and when that was read; null where it could not be. */
interface CpuReading {
  readonly atMs: number;
  readonly us: readonly (number | null)[];
}

/** What is needed of a worker. */
export type CpuSource = Pick<ArmedWorker, "readCpuUs">;

/**
 * CPU time of worker threads over the measure phase, read from outside at its start and its end, so that it works for engines
 * that block their thread. Made before the start, when the threads are idle.
 */
export class CpuWatch implements Disposable {
  readonly #workers: readonly CpuSource[];
  readonly #timers: NodeJS.Timeout[];
  #atMeasure: CpuReading;
  #atEnd: CpuReading | null = null;

  constructor(
    workers: readonly CpuSource[],
    phase: { readonly measureAtMs: number; readonly measureMs: number },
  ) {
    this.#workers = workers;
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

  /**
   * `cpuUs` until now, with what was in flight at the end; `cpuShareMax` of the measure phase itself, or of its part until
   * the load ended, where a limit or a stop ended it early. Null, both of them, when a reading of any thread is missing.
   */
  conclude(endedAtMs: number): Pick<ShardReport, "cpuUs" | "cpuShareMax"> {
    const now = this.#read();
    const start = this.#atMeasure;
    const end = this.#atEnd ?? { ...now, atMs: Math.min(now.atMs, endedAtMs) };
    const spanUs = Math.max(1, end.atMs - start.atMs) * 1000;
    const used = subtract(now, start);
    const usedInPhase = subtract(end, start);
    if (used === null || usedInPhase === null) return { cpuUs: null, cpuShareMax: null };
    return {
      cpuUs: Math.max(
        0,
        used.reduce((total, us) => total + us, 0),
      ),
      cpuShareMax: Math.max(0, ...usedInPhase.map((us) => us / spanUs)),
    };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #read(): CpuReading {
    return { atMs: monotonicMs(), us: this.#workers.map((worker) => worker.readCpuUs()) };
  }
}

/** Thread by thread; null when one is missing: a sum without it would be too low. */
function subtract(end: CpuReading, start: CpuReading): number[] | null {
  const used: number[] = [];
  for (const [i, us] of end.us.entries()) {
    const before = start.us[i] ?? null;
    if (us === null || before === null) return null;
    used.push(us - before);
  }
  return used;
}
