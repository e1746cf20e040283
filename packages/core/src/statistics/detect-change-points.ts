import { maxOf, minOf } from "../extremes.ts";
import { seedUniform } from "../seeded-random.ts";
import { findBestSplit, measureSplit, pairwiseDistances } from "./energy-split.ts";
import { median } from "./quantile.ts";
import { ascending, type PermutationOptions, permutationP } from "./split-significance.ts";
import { findDefect, noValue, type Statistic } from "./statistic.ts";

export interface ChangePointOptions {
  /** The least relative change of the median that counts, for example 0.05. */
  readonly magnitudeMin: number;
  /** How many neighbouring values are looked at together; 50. */
  readonly window?: number;
  /** 0.001. */
  readonly pMax?: number;
  /** Of the permutations; 1. */
  readonly seed?: number;
}

export interface ChangePoint {
  /** Index of the first value after the change. */
  readonly index: number;
  /** Medians of the stretches between this change and the ones beside it. */
  readonly before: number;
  readonly after: number;
  /** after/before − 1; null when the change is from zero. */
  readonly effect: number | null;
  readonly p: number;
}

/** How much laxer the first pass is than the last: what it finds is tested again beside its neighbours. */
const WEAK_FACTOR = 10;

/**
 * Where the level of a series changes for good: E-divisive with permutation tests (Matteson and James 2014), in windows
 * that overlap by half, a weak pass followed by the removal of the weakest until all stand (Fleming et al. 2023, "Hunter").
 * The result depends on the arguments alone. `too-few` when not even a perfect step could reach `pMax`.
 */
export function detectChangePoints(
  series: readonly number[],
  options: ChangePointOptions,
): Statistic<readonly ChangePoint[]> {
  const { magnitudeMin, window = 50, pMax = 0.001, seed = 1 } = options;
  const defect = findDefect(series);
  if (defect !== null) return noValue(defect);
  if (series.length < shortestSeries(pMax)) return noValue("too-few");
  const uniform = seedUniform(seed);
  const weakP = Math.max(pMax, Math.min(0.5, pMax * WEAK_FACTOR));
  const weak = findWeakChanges(series, { window, pMax: weakP, uniform });
  const value = keepStrongChanges(series, weak, { window, pMax, magnitudeMin, uniform });
  return { defined: true, value };
}

/** The least length n at which the best two-sided split, 2 of C(n, n/2) arrangements, has p ≤ pMax. */
export function shortestSeries(pMax: number): number {
  let n = 2;
  for (let arrangements = 2; 2 / arrangements > pMax; n++) {
    // C(n+1, ⌊(n+1)/2⌋) from C(n, ⌊n/2⌋)
    arrangements = (arrangements * (n + 1)) / (Math.floor(n / 2) + 1);
  }
  return n;
}

interface PassOptions extends PermutationOptions {
  readonly window: number;
}

function findWeakChanges(series: readonly number[], options: PassOptions): number[] {
  const found = new Set<number>();
  const step = Math.max(1, Math.floor(options.window / 2));
  for (let start = 0; start < series.length; ) {
    const end = Math.min(start + options.window, series.length);
    const inside = splitStretch(series, { start, end }, options);
    for (const index of inside) found.add(index);
    if (end === series.length) break;
    start = Math.max(start + step, maxOf(inside));
  }
  return [...found].toSorted((a, b) => a - b);
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** All changes inside a stretch: its best split when that is unlikely by chance, and those of both sides. */
function splitStretch(series: readonly number[], stretch: Stretch, options: PassOptions): number[] {
  const { start, end } = stretch;
  const distances = pairwiseDistances(series.slice(start, end));
  const split = findBestSplit(distances, ascending(end - start));
  if (split === null || permutationP(distances, split.distance, options) > options.pMax) return [];
  const index = start + split.index;
  return [
    ...splitStretch(series, { start, end: index }, options),
    index,
    ...splitStretch(series, { start: index, end }, options),
  ];
}

/** Removes the least likely, or else the smallest, change and judges its neighbours anew, until all are strong. */
function keepStrongChanges(
  series: readonly number[],
  weak: readonly number[],
  options: PassOptions & { readonly magnitudeMin: number },
): ChangePoint[] {
  const judge = (indexes: readonly number[], place: number): ChangePoint =>
    judgeChange(
      series,
      {
        start: indexes[place - 1] ?? 0,
        index: indexes[place] as number,
        end: indexes[place + 1] ?? series.length,
      },
      options,
    );
  let indexes = [...weak];
  let changes = indexes.map((_, place) => judge(indexes, place));
  for (;;) {
    const weakest = findWeakest(changes, options);
    if (weakest === -1) return changes;
    indexes = indexes.filter((_, place) => place !== weakest);
    changes = changes
      .filter((_, place) => place !== weakest)
      .map((change, place) =>
        place === weakest - 1 || place === weakest ? judge(indexes, place) : change,
      );
  }
}

function findWeakest(
  changes: readonly ChangePoint[],
  { pMax, magnitudeMin }: { readonly pMax: number; readonly magnitudeMin: number },
): number {
  const leastLikely = changes.reduce((worst, { p }) => Math.max(worst, p), 0);
  if (leastLikely > pMax) return changes.findIndex(({ p }) => p === leastLikely);
  const sizes = changes.map(({ effect }) => sizeOf(effect));
  const smallest = minOf(sizes);
  return smallest < magnitudeMin ? sizes.indexOf(smallest) : -1;
}

/** The size of a change in both directions alike: a doubling and its way back are both 1. */
function sizeOf(effect: number | null): number {
  if (effect === null || effect <= -1) return Number.POSITIVE_INFINITY;
  return effect < 0 ? -effect / (1 + effect) : effect;
}

/** Only the window on either side is looked at, so that the cost of a change does not grow with the history. */
function judgeChange(
  series: readonly number[],
  { start, index, end }: Stretch & { readonly index: number },
  options: PassOptions,
): ChangePoint {
  const from = Math.max(start, index - options.window);
  const to = Math.min(end, index + options.window);
  const distances = pairwiseDistances(series.slice(from, to));
  const p = permutationP(distances, measureSplit(distances, index - from), options);
  const before = medianOf(series.slice(start, index));
  const after = medianOf(series.slice(index, end));
  const effect = before === 0 ? null : after / before - 1;
  return { index, before, after, effect: Number.isFinite(effect) ? effect : null, p };
}

function medianOf(values: readonly number[]): number {
  const middle = median(values);
  if (!middle.defined)
    throw new Error(`a stretch of a finite series has a median: ${middle.reason}`);
  return middle.value;
}
