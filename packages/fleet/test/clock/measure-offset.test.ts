import * as fc from "fast-check";
import { expect, test } from "vitest";
import { measureOffset } from "../../src/clock/measure-offset.ts";

test("the offset is found within the error it states, however the two ways share the delay", async () => {
  const delay = fc.double({ min: 0, max: 50, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.array(fc.tuple(delay, delay), { minLength: 20, maxLength: 20 }),
      async (offsetMs, ways) => {
        let nowMs = 1000;
        let i = 0;
        const ask = async (): Promise<number> => {
          const [there, back] = ways[i++] as [number, number];
          const theirsMs = nowMs + there + offsetMs;
          nowMs += there + back;
          return theirsMs;
        };
        const found = await measureOffset(ask, () => nowMs);
        expect(Math.abs(found.offsetMs - offsetMs)).toBeLessThanOrEqual(found.errorMs + 1e-6);
        const least = Math.min(...ways.map(([there, back]) => there + back));
        expect(found.roundTripMs).toBeCloseTo(least, 6);
      },
    ),
  );
});
