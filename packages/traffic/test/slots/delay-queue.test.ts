import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DelayQueue } from "../../src/slots/delay-queue.ts";

interface Entry {
  slot: number;
  atMs: number;
  note: number;
}

test("an empty queue has nothing to come", () => {
  expect(new DelayQueue().nextAtMs).toBe(Number.POSITIVE_INFINITY);
});

test("whatever is added and taken in between, slots come out in the order and with the notes they went in", () => {
  const steps = fc.array(fc.oneof(fc.constant("take"), fc.nat({ max: 2 ** 31 - 1 })));
  fc.assert(
    fc.property(steps, (history) => {
      const queue = new DelayQueue();
      const model: Entry[] = [];
      const [came, expected]: [Entry[], Entry[]] = [[], []];
      for (const [atMs, step] of history.entries()) {
        if (typeof step === "number") {
          queue.add(step, atMs, step);
          model.push({ slot: step, atMs, note: step });
        } else if (model.length > 0) {
          expected.push(model.shift() as Entry);
          came.push({ atMs: queue.nextAtMs, slot: queue.take(), note: queue.note });
        }
      }
      expect(came).toEqual(expected);
      expect(queue.nextAtMs).toBe(model[0]?.atMs ?? Number.POSITIVE_INFINITY);
    }),
  );
});

test("it grows while it wraps around", () => {
  const queue = new DelayQueue();
  for (let i = 0; i < 60; i++) queue.add(i, i);
  for (let i = 0; i < 50; i++) expect(queue.take()).toBe(i);
  for (let i = 60; i < 300; i++) queue.add(i, i);
  for (let i = 50; i < 300; i++) expect(queue.take()).toBe(i);
});
