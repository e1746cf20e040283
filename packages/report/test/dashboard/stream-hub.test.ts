import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { STREAMS_MAX, StreamHub } from "../../src/dashboard/stream-hub.ts";

let nowMs = 0;
let hub: StreamHub;
let readers: PassThrough[];

/** A reader whose socket takes everything, as that of one who is silent does for hours. */
function join(): PassThrough {
  const reader = new PassThrough().resume();
  expect(hub.open(reader, null)).toBe(true);
  return reader;
}

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 0;
  hub = new StreamHub("process", { nowMs: () => nowMs, streamMsMax: 1_800_000 });
  readers = Array.from({ length: STREAMS_MAX }, (_, i) => {
    nowMs = i;
    return join();
  });
});

afterEach(() => {
  hub[Symbol.dispose]();
  vi.useRealTimers();
});

const cutOnes = (): number[] => readers.flatMap(({ destroyed }, i) => (destroyed ? [i] : []));

test("idle readers keep all places for a minute, and no longer", () => {
  nowMs = 59_999;
  expect(hub.makeRoom()).toBe(false);
  nowMs = 60_000;
  join();
  expect(cutOnes()).toEqual([0]);
  expect(hub.size).toBe(STREAMS_MAX);
});

test("newcomers get the places of the oldest, one each, until all that were silent are gone", () => {
  nowMs = 70_000;
  const pages = readers.map(() => join());
  expect(cutOnes()).toHaveLength(STREAMS_MAX);
  expect(pages.filter(({ destroyed }) => destroyed)).toEqual([]);
  expect(hub.makeRoom()).toBe(false);
});

test("no stream is longer than half an hour", () => {
  nowMs = 1_799_999;
  vi.advanceTimersByTime(15_000);
  expect(cutOnes()).toEqual([]);
  nowMs = 1_800_000;
  vi.advanceTimersByTime(15_000);
  expect(cutOnes()).toEqual([0]);
});
