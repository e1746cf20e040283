import * as fc from "fast-check";
import { expect, test } from "vitest";
import { planTrials } from "../src/plan-trials.ts";
import type { Scenario } from "../src/scenario.ts";
import type { Plan } from "../src/trial.ts";
import { parseSpec } from "./fixtures/scenario-texts.ts";

const spec = parseSpec();

function scenario(variants: number, replicates: number, seed: number): Scenario {
  return {
    version: 1,
    name: "plan",
    description: "",
    source: "",
    gates: [],
    replicates,
    autoReplicates: false,
    seed,
    attempts: 2,
    soak: false,
    variants: Array.from({ length: variants }, (_, i) => ({
      name: `v${i}`,
      baseline: i === 0,
      spec: { ...spec, phases: { ...spec.phases, drainMs: i } },
    })),
  };
}

const anyScenario = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 20 }), fc.nat(2 ** 31 - 1))
  .map(([variants, replicates, seed]) => scenario(variants, replicates, seed));

const order = ({ trials }: Plan) => trials.map(({ variant }) => variant).join(" ");

test("every block holds each variant exactly once, back to back", () => {
  fc.assert(
    fc.property(anyScenario, (asked) => {
      const { trials } = planTrials(asked);
      const names = asked.variants.map(({ name }) => name);
      expect(trials).toHaveLength(names.length * asked.replicates);
      for (let block = 1; block <= asked.replicates; block++) {
        const own = trials.slice((block - 1) * names.length, block * names.length);
        expect(own.every((trial) => trial.block === block && trial.replicate === block)).toBe(true);
        expect(own.map(({ variant }) => variant).toSorted()).toEqual(names.toSorted());
      }
    }),
  );
});

test("trials are numbered from 1 in the order they run and carry their variant's spec", () => {
  fc.assert(
    fc.property(anyScenario, (asked) => {
      const specs = new Map(asked.variants.map(({ name, spec: own }) => [name, own]));
      planTrials(asked).trials.forEach((trial, i) => {
        expect(trial.id).toBe(i + 1);
        expect(trial.spec).toBe(specs.get(trial.variant));
      });
    }),
  );
});

test("the same scenario and seed give the same plan", () => {
  fc.assert(
    fc.property(anyScenario, (asked) => {
      expect(planTrials(asked)).toEqual(planTrials(asked));
    }),
  );
});

test("other seeds give other orders and other seeds of trials", () => {
  const plans = Array.from({ length: 200 }, (_, seed) => planTrials(scenario(3, 4, seed)));
  // 3 variants in 4 blocks have 6⁴ = 1296 orders; 200 draws of them collide about 15 times.
  expect(new Set(plans.map(order)).size).toBeGreaterThan(150);
  expect(new Set(plans.map(({ trials }) => trials[0]?.seed)).size).toBe(200);
});

test("every variant comes first about equally often", () => {
  const firsts = Array.from({ length: 300 }, (_, seed) =>
    planTrials(scenario(3, 10, seed)).trials.filter((_trial, i) => i % 3 === 0),
  ).flat();
  for (const name of ["v0", "v1", "v2"]) {
    const share = firsts.filter(({ variant }) => variant === name).length / firsts.length;
    // 3000 draws: the standard error of a third is 0.0086.
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.035);
  }
});

test("trials of one block share their seed, blocks do not", () => {
  fc.assert(
    fc.property(anyScenario, (asked) => {
      const byBlock = Map.groupBy(planTrials(asked).trials, ({ block }) => block);
      const seeds = [...byBlock.values()].map((trials) => new Set(trials.map(({ seed }) => seed)));
      expect(seeds.every((set) => set.size === 1)).toBe(true);
      expect(new Set(seeds.flatMap((set) => [...set])).size).toBe(asked.replicates);
    }),
  );
});
