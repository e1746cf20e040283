import { arrivalTimes, type OpenArrival } from "../arrivals.ts";
import { maxOf, minOf } from "../extremes.ts";
import type { Phases, Workload } from "../scenario.ts";

/** The average number of requests of a connection; Infinity when unlimited. */
export function requestsMean({ requestsPerConnection: requests }: Workload): number {
  if (requests === "unlimited") return Number.POSITIVE_INFINITY;
  return typeof requests === "number" ? requests : (requests.from + requests.to) / 2;
}

/** How many units of work begin with a new connection: of keep-alive, only every n-th. */
export function arrivalsPerConnection(workload: Workload): number {
  return workload.kind === "keep-alive" ? Math.max(1, requestsMean(workload)) : 1;
}

/** The rates of new connections per second between which an open arrival moves. */
export function offeredRates(
  { ratePerS, toPerS }: OpenArrival,
  perConnection: number,
): { readonly low: number; readonly high: number } {
  const ends = [ratePerS, toPerS ?? ratePerS].map((rate) => rate / perConnection);
  return { low: minOf(ends), high: maxOf(ends) };
}

/**
 * Times at which new connections are begun, from the start of the warm-up: the initial rate in the warm-up, the shape of
 * the arrival in the measure phase.
 */
export function* connectionTimes(
  arrival: OpenArrival,
  phases: Phases,
  perConnection: number,
): Generator<number> {
  const shape = arrival.shape === "poisson" ? "poisson" : "constant";
  const warmUp = arrivalTimes({ ...arrival, shape, limit: null }, phases.warmUpMs, SEED);
  yield* everyNth(warmUp, perConnection, 0);
  const measure = arrivalTimes(arrival, phases.measureMs, SEED);
  yield* everyNth(measure, perConnection, phases.warmUpMs);
}

/** Any seed: what is predicted of random arrivals holds on average. */
const SEED = 1;

function* everyNth(times: Iterable<number>, n: number, offsetMs: number): Generator<number> {
  let due = 0;
  let i = 0;
  for (const tMs of times) {
    if (i++ < due) continue;
    due += n;
    yield tMs + offsetMs;
  }
}
