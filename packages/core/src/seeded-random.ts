import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of numbers in [0, 1) that depends on the seed alone. */
export function seedUniform(seed: number): () => number {
  const generator = xoroshiro128plus(mixSeed(seed));
  return () => uniformFloat64(generator);
}

/** A copy of `items` in random order (Fisher-Yates); the order depends on the seed alone. */
export function shuffleSeeded<T>(items: readonly T[], seed: number): T[] {
  const generator = xoroshiro128plus(mixSeed(seed));
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i);
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

/**
 * Spreads a seed over all 32 bits (the finaliser of MurmurHash3). xoroshiro takes its first numbers almost straight
 * from its state, so the plain seeds 1, 2, 3 … would give first numbers that are all nearly 1, and orders that alternate.
 */
function mixSeed(seed: number): number {
  let mixed = Math.trunc(seed + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
