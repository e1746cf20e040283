import { expect, it } from "vitest";
import { comparePaired, type PairedCost } from "../paired-slices.ts";

/** A machine that gets slower by one with every slice, and on which being on costs ten. */
function aDriftingMachine(quads: number): { costs: PairedCost[]; calls: string[] } {
  const calls: string[] = [];
  let slices = 0;
  const costs = comparePaired({
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
  return { costs, calls };
}

it("finds what being on adds on a machine that drifts, and to what", () => {
  expect(aDriftingMachine(3).costs).toEqual([
    { off: 2.5, added: 10 },
    { off: 6.5, added: 10 },
    { off: 10.5, added: 10 },
  ]);
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
