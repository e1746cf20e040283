/** A contiguous range of a trial's workers: `count` workers from `first`, of `of` workers in all. */
export interface Share {
  readonly first: number;
  readonly count: number;
  readonly of: number;
}

/**
 * Splits `total` indivisible units over `parts` so that the shares differ by at most one and add up to the whole:
 * 10 connections on 4 workers are 3, 3, 2, 2.
 */
export function splitEvenly(total: number, parts: number): number[] {
  const base = Math.floor(total / parts);
  const extra = total - base * parts;
  return Array.from({ length: parts }, (_, part) => base + (part < extra ? 1 : 0));
}

/** The part of `splitEvenly(total, parts)` with this index, without building the list. */
export function shareOf(total: number, parts: number, part: number): number {
  return shareOfWorkers(total, { first: part, count: 1, of: parts });
}

/** What the workers of a share get of `splitEvenly(total, of)` together, without building the list. */
export function shareOfWorkers(total: number, { first, count, of }: Share): number {
  const more = Math.min(count, Math.max(0, (total % of) - first));
  return count * Math.floor(total / of) + more;
}

/** Splits `workers` over `agents`; the ranges are contiguous and cover every worker exactly once. */
export function splitWorkers(workers: number, agents: number): Share[] {
  let first = 0;
  return splitEvenly(workers, agents).map((count) => {
    const share = { first, count, of: workers };
    first += count;
    return share;
  });
}
