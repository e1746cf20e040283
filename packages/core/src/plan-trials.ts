import type { Scenario } from "./scenario.ts";
import { seedUniform, shuffleSeeded } from "./seeded-random.ts";
import type { Plan, Trial } from "./trial.ts";

/**
 * All trials of a scenario in randomised blocks: every block has each variant once, in an order that the seed decides,
 * so that drift of the host falls on all variants alike. Trials of one block share their seed: what is random inside a
 * trial (Poisson arrivals, for example) is then the same for the variants that are compared.
 */
export function planTrials(scenario: Scenario): Plan {
  const trials: Trial[] = [];
  const uniform = seedUniform(scenario.seed);
  const drawSeed = (): number => Math.floor(uniform() * 2 ** 31);
  for (let block = 1; block <= scenario.replicates; block++) {
    const order = shuffleSeeded(scenario.variants, drawSeed());
    const seed = drawSeed();
    for (const { name, spec } of order) {
      trials.push({ id: trials.length + 1, variant: name, replicate: block, block, seed, spec });
    }
  }
  return { scenario: scenario.name, seed: scenario.seed, trials };
}
