/**
 * P(Z ≥ z) of a standard normal, for z ≥ 0, with a relative error below 2e-7: the Chebyshev fit of erfc in Numerical
 * Recipes (Press et al. 2007, §6.2), by Horner's rule.
 */
export function normalTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const exponent = ERFC_FIT.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return (t * Math.exp(-x * x + exponent)) / 2;
}

const ERFC_FIT = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
] as const;
