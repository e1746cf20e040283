/**
 * The exact distribution of a sum of `weights`, each taken or left with probability one half: element s is P(sum = s).
 * With the weights 1…n it is the null distribution of the signed-rank statistic (Wilcoxon 1945). Every probability is
 * a multiple of 2⁻ⁿ, so for n ≤ 53 no rounding happens at all. Costs n · Σ weights.
 */
export function distributeSubsetSums(weights: readonly number[]): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let probabilities = new Float64Array(total + 1);
  probabilities[0] = 1;
  let reach = 0;
  for (const weight of weights) {
    const next = new Float64Array(total + 1);
    for (let sum = 0; sum <= reach; sum++) {
      const half = (probabilities[sum] as number) / 2;
      next[sum] = (next[sum] as number) + half;
      next[sum + weight] = (next[sum + weight] as number) + half;
    }
    probabilities = next;
    reach += weight;
  }
  return probabilities;
}
