import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tellBounded } from "../src/tell-bounded.ts";

const BOUNDS = { burst: 3, everyMs: 100 };

function aTeller() {
  const lines: string[] = [];
  let atMs = 0;
  const tell = tellBounded((line) => lines.push(line), { ...BOUNDS, nowMs: () => atMs });
  return { lines, tell, pass: (ms: number) => (atMs += ms) };
}

test("lines come as they are until there are too many, and one more after each pause, with how many were left out", () => {
  const { lines, tell, pass } = aTeller();
  for (let i = 1; i <= 5; i++) tell(`refused ${i}`);
  pass(100);
  tell("refused 6");
  tell("refused 7");
  pass(100_000);
  for (let i = 8; i <= 11; i++) tell(`refused ${i}`);
  expect(lines).toEqual([
    "refused 1",
    "refused 2",
    "refused 3",
    "refused 6 (2 before it left out)",
    "refused 8 (1 before it left out)",
    "refused 9",
    "refused 10",
  ]);
});

test("whenever lines come, there are no more of them than the bounds allow, and each is told or counted", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 200 }), (pauses) => {
      const { lines, tell, pass } = aTeller();
      for (const ms of pauses) {
        pass(ms);
        tell("x");
      }
      const passedMs = pauses.reduce((sum, ms) => sum + ms, 0);
      expect(lines.length).toBeLessThanOrEqual(BOUNDS.burst + passedMs / BOUNDS.everyMs);
      const counted = lines.map((line) => Number(/\((\d+) before/.exec(line)?.[1] ?? 0));
      const told = lines.length + counted.reduce((sum, count) => sum + count, 0);
      expect(told).toBeLessThanOrEqual(pauses.length);
      pass(BOUNDS.everyMs);
      tell("the last");
      const left = Number(/\((\d+) before/.exec(lines.at(-1) ?? "")?.[1] ?? 0);
      expect(told + left + 1).toBe(pauses.length + 1);
    }),
  );
});
