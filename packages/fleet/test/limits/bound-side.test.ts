import { expect, test } from "vitest";
import { boundSideMs } from "../../src/limits/bound-side.ts";

const PHASES = { warmUpMs: 1000, measureMs: 2000, drainMs: 3000 };

function bound(durationMs: number | null, responseMs: number): number {
  const timeouts = { connectMs: 100, responseMs };
  const spec = { phases: PHASES, workload: { timeouts } } as Parameters<typeof boundSideMs>[0];
  return boundSideMs(spec, { durationMs }, 60_000);
}

test("a side is there for as long as its phases and time-outs take, and what surrounds them", () => {
  expect(bound(null, 200)).toBe(66_500);
  expect(bound(7000, 200)).toBe(66_500);
});

test("no time-outs keep it for longer than its agent allows", () => {
  expect(bound(7000, 48 * 3_600_000)).toBe(67_000);
});

test("what no timer can wait for is bounded by what one can", () => {
  expect(bound(null, 1e12)).toBe(2 ** 31 - 1);
});
