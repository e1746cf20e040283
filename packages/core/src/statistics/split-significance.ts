import { findBestSplit } from "./energy-split.ts";

export interface PermutationOptions {
  /** p above this need not be known exactly. */
  readonly pMax: number;
  /** A stream of numbers in [0, 1) that all orders are drawn from. */
  readonly uniform: () => number;
}

/**
 * The share of random orders of a series whose best split is at least as large, the observed order counted as one.
 * It stops when p ≤ pMax is out of reach, which for a series without a change is after a few orders.
 */
export function permutationP(
  distances: Float64Array,
  observed: number,
  options: PermutationOptions,
): number {
  const order = ascending(Math.sqrt(distances.length));
  const rounds = Math.ceil(1 / options.pMax - 1e-9) - 1;
  // Sums in another order differ in their last digits; a tie is a tie.
  const atLeast = observed - 1e-9 * Math.abs(observed);
  let reached = 1;
  for (let round = 1; round <= rounds; round++) {
    shuffle(order, options.uniform);
    if ((findBestSplit(distances, order)?.distance ?? 0) >= atLeast) reached++;
    if (reached / (rounds + 1) > options.pMax * (1 + 1e-9)) return reached / (round + 1);
  }
  return reached / (rounds + 1);
}

export function ascending(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => i);
}

/** Fisher-Yates, in place, from a stream that goes on. */
function shuffle(order: Int32Array, uniform: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
}
