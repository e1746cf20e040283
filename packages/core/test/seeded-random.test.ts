import { expect, test } from "vitest";
import { seedUniform, shuffleSeeded } from "../src/seeded-random.ts";

const seeds = Array.from({ length: 10_000 }, (_, seed) => seed);
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

test("the same seed gives the same numbers and the same order", () => {
  const [one, two] = [seedUniform(7), seedUniform(7)];
  for (let i = 0; i < 100; i++) expect(one()).toBe(two());
  expect(shuffleSeeded([1, 2, 3, 4, 5], 7)).toEqual(shuffleSeeded([1, 2, 3, 4, 5], 7));
});

test("the first number of consecutive seeds is spread over [0, 1)", () => {
  const firsts = seeds.map((seed) => seedUniform(seed)());
  // The standard error of the mean of 10 000 uniform numbers is 0.0029.
  expect(mean(firsts)).toBeGreaterThan(0.485);
  expect(mean(firsts)).toBeLessThan(0.515);
  const lag = mean(firsts.slice(1).map((v, i) => (v - 0.5) * ((firsts[i] as number) - 0.5))) * 12;
  expect(Math.abs(lag)).toBeLessThan(0.05);
});

test("the order of two under consecutive seeds neither leans nor alternates", () => {
  const first = seeds.map((seed) => shuffleSeeded([0, 1], seed)[0] as number);
  expect(Math.abs(mean(first) - 0.5)).toBeLessThan(0.025);
  const changes = mean(first.slice(1).map((v, i) => (v === first[i] ? 0 : 1)));
  expect(Math.abs(changes - 0.5)).toBeLessThan(0.025);
});
