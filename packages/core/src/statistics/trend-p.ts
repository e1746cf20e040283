import { findDefect, noValue, type Statistic } from "./statistic.ts";

/**
 * The two-sided p of "every order of these values is equally likely": the share of all orders with at least as many more
 * rising pairs than falling ones, or the other way round (Mann 1945, Kendall 1938). Exact without ties; a tie counts for
 * neither side, which makes p larger than it need be and never smaller. Costs n³.
 */
export function trendP(values: readonly number[]): Statistic {
  const defect = findDefect(values);
  if (defect !== null) return noValue(defect);
  let score = 0;
  values.forEach((value, i) => {
    for (const later of values.slice(i + 1)) score += Math.sign(later - value);
  });
  const pairs = (values.length * (values.length - 1)) / 2;
  // An order with k falling pairs has a score of pairs − 2k.
  const fallingMax = Math.floor((pairs - Math.abs(score)) / 2);
  const tail = distributeInversions(values.length)
    .slice(0, fallingMax + 1)
    .reduce((sum, probability) => sum + probability, 0);
  return { defined: true, value: Math.min(1, 2 * tail) };
}

/** Element k is the share of the orders of n values that have k falling pairs (Mahonian numbers over n!). */
function distributeInversions(n: number): number[] {
  let shares = [1];
  for (let placed = 2; placed <= n; placed++) {
    const next = Array.from<number>({ length: shares.length + placed - 1 }).fill(0);
    shares.forEach((share, k) => {
      for (let more = 0; more < placed; more++) {
        next[k + more] = (next[k + more] as number) + share / placed;
      }
    });
    shares = next;
  }
  return shares;
}
