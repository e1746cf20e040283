/**
 * The p-values of a family of tests, adjusted so that calling those below α significant raises even one false alarm in
 * the family with probability at most α (Holm 1979). The order of the argument is kept.
 */
export function holmAdjust(ps: readonly number[]): number[] {
  const wrong = ps.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`a p-value is in [0, 1], not ${wrong}`);
  const ascending = ps.map((p, index) => ({ p, index })).toSorted((a, b) => a.p - b.p);
  const adjusted = Array.from<number>({ length: ps.length });
  let highest = 0;
  ascending.forEach(({ p, index }, done) => {
    highest = Math.max(highest, Math.min(1, (ps.length - done) * p));
    adjusted[index] = highest;
  });
  return adjusted;
}
