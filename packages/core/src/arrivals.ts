import type { Arrival } from "./scenario.ts";
import { seedUniform } from "./seeded-random.ts";

export type OpenArrival = Extract<Arrival, { model: "open" }>;

/**
 * Intended start times in milliseconds from the start of a phase, ascending, all below `durationMs`. The sequence
 * depends on the arguments alone, so every worker can compute the one global schedule and take its own part.
 */
export function* arrivalTimes(
  arrival: OpenArrival,
  durationMs: number,
  seed: number,
): Generator<number> {
  const limit = arrival.limit ?? Number.POSITIVE_INFINITY;
  let count = 0;
  for (const tMs of shapes[arrival.shape](arrival, durationMs, seed)) {
    if (tMs >= durationMs || count >= limit) return;
    count++;
    yield tMs;
  }
}

type Shape = (arrival: OpenArrival, durationMs: number, seed: number) => Generator<number>;

function* constant({ ratePerS }: OpenArrival): Generator<number> {
  for (let i = 0; ; i++) yield (i * 1000) / ratePerS;
}

/** Exponential gaps of mean 1/rate: a Poisson process. */
function* poisson({ ratePerS }: OpenArrival, _durationMs: number, seed: number): Generator<number> {
  const uniform = seedUniform(seed);
  let tMs = 0;
  for (;;) {
    tMs += (-Math.log(1 - uniform()) * 1000) / ratePerS;
    yield tMs;
  }
}

/**
 * A rate that changes linearly from `ratePerS` to `toPerS`: the i-th arrival is where the integral of the rate reaches i,
 * the positive root of (b−a)/(2D)·t² + a·t = i.
 */
function* ramp({ ratePerS: a, toPerS }: OpenArrival, durationMs: number): Generator<number> {
  const b = toPerS ?? a;
  const durationS = durationMs / 1000;
  const slope = (b - a) / durationS;
  for (let i = 0; ; i++) {
    const root = a * a + 2 * slope * i;
    if (root < 0) return;
    // The numerically stable form of the root; with slope 0 it is i / a.
    yield ((2 * i) / (a + Math.sqrt(root))) * 1000 || 0;
  }
}

/** `steps` plateaus of equal length from `ratePerS` to `toPerS`, both included. */
function* step({ ratePerS: a, toPerS, steps }: OpenArrival, durationMs: number): Generator<number> {
  const plateaus = Math.max(1, steps ?? 2);
  const lengthMs = durationMs / plateaus;
  for (let plateau = 0; plateau < plateaus; plateau++) {
    const share = plateaus === 1 ? 0 : plateau / (plateaus - 1);
    const ratePerS = a + ((toPerS ?? a) - a) * share;
    const startMs = plateau * lengthMs;
    for (let i = 0; (i * 1000) / ratePerS < lengthMs; i++) yield startMs + (i * 1000) / ratePerS;
  }
}

const shapes: Record<OpenArrival["shape"], Shape> = {
  constant,
  poisson,
  ramp,
  step,
};
