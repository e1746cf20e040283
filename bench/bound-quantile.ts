/**
 * The least value of a sample that a quantile of what it was drawn from is below with this confidence, whatever the distribution:
 * an order statistic, by the binomial count of values below the quantile (Hahn and Meeker 1991, §5.2.3).
 * @throws RangeError where the sample is too small: not even its largest value is such a bound
 */
export function boundQuantile(
  values: readonly number[],
  { share, confidence }: { readonly share: number; readonly confidence: number },
): number {
  const sorted = values.toSorted((a, b) => a - b);
  // Of n values, so many are above the quantile; the chance that it is exactly this many, from none on.
  let exactly = share ** sorted.length;
  let atMost = exactly;
  let above = -1;
  while (atMost <= 1 - confidence) {
    above += 1;
    exactly *= ((sorted.length - above) / (above + 1)) * ((1 - share) / share);
    atMost += exactly;
  }
  const bound = above < 0 ? undefined : sorted.at(-1 - above);
  if (bound === undefined) {
    throw new RangeError(`${sorted.length} values bound no quantile ${share} with ${confidence}`);
  }
  return bound;
}
