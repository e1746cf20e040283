import { arrivalTimes, type OpenArrival } from "@churnlab/core";
import type { WorkerJob } from "./engine.ts";
import { type Bank, MEASURE, WARM_UP } from "./worker-counters.ts";

/** Keeps the warm-up's random numbers apart from those of the measure phase. */
const WARM_UP_SEED_OFFSET = 0x5eed;

/**
 * One worker's part of the open-loop schedule of a trial, warm-up then measure: a cursor on the next arrival. The warm-up
 * offers the initial rate (a ramp or step belongs to the measure phase) and has no limit.
 */
export class ArrivalSchedule {
  /** Intended start of the next arrival on CLOCK_MONOTONIC; Infinity when there is none. */
  nextAtMs: number = Number.POSITIVE_INFINITY;
  bank: Bank = WARM_UP;
  readonly #arrivals: Iterator<{ atMs: number; bank: Bank }>;

  constructor(job: WorkerJob) {
    const { arrival } = job.workload;
    this.#arrivals = arrival.model === "open" ? ownArrivals(job, arrival) : [].values();
    this.advance();
  }

  advance(): void {
    const next = this.#arrivals.next();
    this.nextAtMs = next.done === true ? Number.POSITIVE_INFINITY : next.value.atMs;
    if (next.done !== true) this.bank = next.value.bank;
  }
}

function* ownArrivals(
  job: WorkerJob,
  arrival: OpenArrival,
): Generator<{ atMs: number; bank: Bank }> {
  const measureAtMs = job.startAtMs + job.warmUpMs;
  const warmUp = arrivalTimes(steady(arrival), job.warmUpMs, job.seed + WARM_UP_SEED_OFFSET);
  for (const tMs of takeOwn(warmUp, job.worker)) yield { atMs: job.startAtMs + tMs, bank: WARM_UP };
  const measure = arrivalTimes(arrival, job.measureMs, job.seed);
  for (const tMs of takeOwn(measure, job.worker)) yield { atMs: measureAtMs + tMs, bank: MEASURE };
}

function* takeOwn(times: Iterable<number>, { index, of }: WorkerJob["worker"]): Generator<number> {
  let i = 0;
  for (const tMs of times) if (i++ % of === index) yield tMs;
}

function steady(arrival: OpenArrival): OpenArrival {
  const shape = arrival.shape === "poisson" ? "poisson" : "constant";
  return { ...arrival, shape, limit: null };
}
