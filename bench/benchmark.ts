/** What a figure is held against: a bound from above or from below, in the unit of its row. */
export type Target = { readonly max: number } | { readonly min: number };

/** One figure: the median over interleaved rounds with the lowest and highest round, or of paired differences with its interval. */
export interface BenchRow {
  /** Stable name of what was measured, such as `trial.setup`. */
  readonly id: string;
  readonly value: number;
  /** Unit as a person writes it: `ms`, `us`, `connections/s`, `% of a core`. */
  readonly unit: string;
  /** Of the rounds, or of the 95 % interval of a median difference. */
  readonly low: number;
  readonly high: number;
  /** null where the row is there to compare with, as peers are. */
  readonly target: Target | null;
  /** null exactly where `target` is. */
  readonly met: boolean | null;
}

export interface BenchOptions {
  /** Rounds to interleave; undefined leaves the choice to the benchmark. */
  readonly rounds: number | undefined;
  /** One line of progress, to stderr. */
  readonly log: (line: string) => void;
}

/** A file `bench/<name>.bench.ts` exports one of these as `bench`. */
export interface Benchmark {
  /** Same as in the file's name. */
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly description: string;
  readonly run: (options: BenchOptions) => Promise<readonly BenchRow[]>;
}

/**
 * Reduces the rounds of one figure to its row.
 * @throws RangeError without rounds: a figure nobody measured is not a figure
 */
export function rowOfRounds(
  { id, unit, target = null }: { id: string; unit: string; target?: Target | null },
  rounds: readonly number[],
): BenchRow {
  const sorted = rounds.toSorted((a, b) => a - b);
  const [low, high, value] = [sorted.at(0), sorted.at(-1), medianOfSorted(sorted)];
  if (low === undefined || high === undefined) throw new RangeError(`${id}: no rounds`);
  return { id, value, unit, low, high, target, met: target === null ? null : isMet(target, value) };
}

/**
 * Reduces paired differences to their median and its 95 % interval.
 * @throws RangeError below six differences, which have no such interval, and above a thousand
 */
export function rowOfDifferences(
  { id, unit, target = null }: { id: string; unit: string; target?: Target | null },
  differences: readonly number[],
): BenchRow {
  const sorted = differences.toSorted((a, b) => a - b);
  const rank = findIntervalRank(sorted.length);
  const [low, high, value] = [
    sorted[rank],
    sorted[sorted.length - 1 - rank],
    medianOfSorted(sorted),
  ];
  if (low === undefined || high === undefined) {
    throw new RangeError(`${id}: no interval from ${sorted.length} differences`);
  }
  return { id, value, unit, low, high, target, met: target === null ? null : isMet(target, value) };
}

const TAIL = 0.025;
const DIFFERENCES_MAX = 1000;

/**
 * Index from either end of the sorted differences between which the median lies with 95 % confidence: the interval of the
 * sign test (Hollander, Wolfe and Chicken 2014, §3.6), which asks nothing of their distribution. -1 when there is none.
 */
function findIntervalRank(count: number): number {
  // Far above that the chance below is less than the least number there is.
  if (count > DIFFERENCES_MAX) return -1;
  let chance = 0.5 ** count;
  let tail = 0;
  for (let below = 0; ; below++) {
    tail += chance;
    if (!(tail <= TAIL)) return below - 1;
    chance *= (count - below) / (below + 1);
  }
}

function medianOfSorted(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}

function isMet(target: Target, value: number): boolean {
  return "max" in target ? value <= target.max : value >= target.min;
}
