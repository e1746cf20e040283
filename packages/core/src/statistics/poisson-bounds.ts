import { noValue, type Statistic } from "./statistic.ts";

/** Counts above this get no bound: the tail has too many terms, and no budget needs it. */
const COUNT_MAX = 1e9;

/**
 * The largest Poisson mean that `count` events do not contradict: the μ at which `count` or fewer events have the
 * probability 1 − confidence, which is ½·χ²(confidence; 2·count + 2) (Garwood 1936). No event at 95 % gives 3.0, the
 * "rule of three". The equation is solved as it stands, to twelve digits.
 */
export function poissonUpperBound(count: number, confidence: number): Statistic {
  return solveMean(count, confidence, {
    low: count,
    // Forty deviations above, or 800 where those are small: beyond any tail that a double can hold.
    high: count + 40 * Math.sqrt(count) + 800,
    isBelow: (mean, logTail) => logPoissonAtMost(count, mean) > logTail,
  });
}

/**
 * The smallest Poisson mean that `count` events do not contradict: the μ at which `count` or more events have the
 * probability 1 − confidence; 0 for no event.
 */
export function poissonLowerBound(count: number, confidence: number): Statistic {
  return solveMean(count, confidence, {
    low: 0,
    high: count,
    isBelow: (mean, logTail) => logPoissonAtLeast(count, mean) < logTail,
  });
}

interface Bracket {
  readonly low: number;
  readonly high: number;
  isBelow(mean: number, logTail: number): boolean;
}

function solveMean(count: number, confidence: number, bracket: Bracket): Statistic {
  // From one half on, the upper bound is above the count and the lower bound below it.
  if (!(confidence >= 0.5 && confidence < 1)) {
    throw new RangeError(`the confidence of a bound is in [0.5, 1), not ${confidence}`);
  }
  if (!Number.isInteger(count) || count < 0 || count > COUNT_MAX) return noValue("not-a-count");
  const logTail = Math.log1p(-confidence);
  let { low, high } = bracket;
  while (high - low > 1e-14 * high) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (bracket.isBelow(middle, logTail)) low = middle;
    else high = middle;
  }
  return { defined: true, value: low + (high - low) / 2 };
}

/** ln P(X ≤ count) for a mean not below the count: the terms shrink from `count` downwards. */
function logPoissonAtMost(count: number, mean: number): number {
  let sum = 1;
  for (let k = count, term = 1; k > 0 && term > 1e-18 * sum; k--) {
    term *= k / mean;
    sum += term;
  }
  return logPoisson(count, mean) + Math.log(sum);
}

/** ln P(X ≥ count) for a mean not above the count: the terms shrink from `count` upwards. */
function logPoissonAtLeast(count: number, mean: number): number {
  let sum = 1;
  for (let k = count + 1, term = 1; term > 1e-18 * sum; k++) {
    term *= mean / k;
    sum += term;
  }
  return logPoisson(count, mean) + Math.log(sum);
}

/** ln P(X = count), in the saddle-point form, which does not cancel for large counts (Loader 2000). */
function logPoisson(count: number, mean: number): number {
  if (count === 0) return -mean;
  const excess = (mean - count) / count;
  const deviance = count * (excess - Math.log1p(excess));
  return -Math.log(2 * Math.PI * count) / 2 - stirlingError(count) - deviance;
}

/** ln n! less Stirling's formula for it. */
function stirlingError(n: number): number {
  if (n <= 16) {
    let logFactorial = 0;
    for (let k = 2; k <= n; k++) logFactorial += Math.log(k);
    return logFactorial - (n + 0.5) * Math.log(n) + n - Math.log(2 * Math.PI) / 2;
  }
  const nn = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / nn) / nn) / nn) / n;
}
