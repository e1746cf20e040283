import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FreeSlots } from "../../src/slots/free-slots.ts";

test("no slot is given out twice, and none beyond the capacity", () => {
  const history = fc.array(fc.boolean(), { maxLength: 500 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), history, (capacity, steps) => {
      const slots = new FreeSlots(capacity);
      const taken: number[] = [];
      let full = true;
      for (const take of steps) {
        if (take) {
          const slot = slots.take();
          taken.push(...(slot === -1 ? [] : [slot]));
          full = slot === -1 ? taken.length === capacity : full;
        } else if (taken.length > 0) {
          slots.giveBack(taken.shift() as number);
        }
        expect(new Set(taken).size).toBe(taken.length);
        expect(slots.taken).toBe(taken.length);
      }
      expect(full).toBe(true);
      expect(slots.end).toBeLessThanOrEqual(capacity);
    }),
  );
});

test("the slot used last is given out first", () => {
  const slots = new FreeSlots(8);
  const [first, second] = [slots.take(), slots.take()];
  slots.giveBack(first);
  slots.giveBack(second);
  expect([slots.take(), slots.take(), slots.take()]).toEqual([second, first, 2]);
});
