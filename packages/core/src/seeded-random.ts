import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of numbers in [0, 1) that depends on the seed alone. */
export function seedUniform(seed: number): () => number {
	const generator = xoroshiro128plus(seed);
	return () => uniformFloat64(generator);
}

/** A copy of `items` in random order (Fisher-Yates); the order depends on the seed alone. */
export function shuffleSeeded<T>(items: readonly T[], seed: number): T[] {
	const generator = xoroshiro128plus(seed);
	const shuffled = [...items];
	for (let i = shuffled.length - 1; i > 0; i--) {
		const j = uniformInt(generator, 0, i);
		[shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
	}
	return shuffled;
}
