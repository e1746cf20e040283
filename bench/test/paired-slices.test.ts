import { expect, it } from "vitest";
import { comparePaired } from "../paired-slices.ts";

/** A machine that gets slower by one with every slice, and on which being on costs ten. */
function aDriftingMachine(quads: number): { differences: number[]; calls: string[] } {
  const calls: string[] = [];
  let slices = 0;
  const differences = comparePaired({
    quads,
    turnOn: () => {
      calls.push("turn on");
      return { [Symbol.dispose]: () => calls.push("turn off") };
    },
    settle: () => calls.push("settle"),
    slice: (on) => {
      calls.push(on === null ? "off" : "on");
      slices += 1;
      return slices + (on === null ? 0 : 10);
    },
  });
  return { differences, calls };
}

it("finds what being on costs on a machine that drifts", () => {
  expect(aDriftingMachine(3).differences).toEqual([10, 10, 10]);
});

it("measures off, on, on, off, and lets things settle before each", () => {
  const settled = (what: string): string[] => ["settle", what];
  expect(aDriftingMachine(1).calls).toEqual([
    ...settled("off"),
    "turn on",
    ...settled("on"),
    ...settled("on"),
    "turn off",
    ...settled("off"),
  ]);
});
