import type { LiveTally, ShardReport } from "@churnlab/core";
import { monotonicMs } from "../monotonic.ts";

interface Look {
  readonly atMs: number;
  readonly connections: number;
  readonly requests: number;
}

/** Looks at what has succeeded at the start and at the end of the measure phase. Count and time are of one moment, so a late look is as good. */
export class ThroughputWatch implements Disposable {
  readonly #live: () => LiveTally;
  readonly #clock: () => number;
  readonly #timers: NodeJS.Timeout[];
  #atMeasure: Look | null = null;
  #atEnd: Look | null = null;

  constructor(
    live: () => LiveTally,
    phase: { readonly measureAtMs: number; readonly measureMs: number },
    clock: () => number = monotonicMs,
  ) {
    this.#live = live;
    this.#clock = clock;
    const untilMeasureMs = Math.max(0, phase.measureAtMs - clock());
    this.#timers = [
      setTimeout(() => {
        this.#atMeasure = this.#look();
      }, untilMeasureMs),
      setTimeout(() => {
        this.#atEnd = this.#look();
      }, untilMeasureMs + phase.measureMs),
    ];
  }

  /** Empty when the load ended before its phase did. */
  conclude(): Pick<ShardReport, "throughput"> {
    const [start, end] = [this.#atMeasure, this.#atEnd];
    if (start === null || end === null) return {};
    const seconds = (end.atMs - start.atMs) / 1000;
    return {
      throughput: {
        connectionsPerS: (end.connections - start.connections) / seconds,
        requestsPerS: (end.requests - start.requests) / seconds,
      },
    };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #look(): Look {
    const { succeeded, requestsSucceeded } = this.#live();
    return { atMs: this.#clock(), connections: succeeded, requests: requestsSucceeded };
  }
}
