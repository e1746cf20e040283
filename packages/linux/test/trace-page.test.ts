import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTracePageFormat, type TracePageFormat, visitTracePage } from "../src/trace-page.ts";
import { HEADER_PAGE, PAGE } from "./fixtures/traced-page.ts";

const FORMAT = parseTracePageFormat(HEADER_PAGE);

interface Visited {
  readonly data: string;
  readonly atNs: number;
}

function visitAll(page: Uint8Array, format: TracePageFormat = FORMAT) {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const events: Visited[] = [];
  const missed = visitTracePage(view, format, (at, length, atNs) => {
    const data = Buffer.from(page.subarray(at, at + length)).toString("hex");
    events.push({ data, atNs });
  });
  return { events, missed };
}

/** What the kernel puts into a page: an event, one that was discarded, or a step of time too long for an event. */
const ENTRY = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("event"), delta: delta(0), words: size() }),
  },
  fc.record({ kind: fc.constant("discarded"), delta: delta(1), words: size() }),
  fc.record({ kind: fc.constant("extend"), delta: delta(0), high: fc.nat(2 ** 16) }),
  fc.record({ kind: fc.constant("stamp"), delta: delta(0), high: fc.nat(2 ** 20) }),
);
type Entry = typeof ENTRY extends fc.Arbitrary<infer T> ? T : never;

function delta(min: number): fc.Arbitrary<number> {
  return fc.integer({ min, max: 2 ** 27 - 1 });
}

/** Up to 28 words an event tells its length in its first word. */
function size(): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: 40 });
}

/** A page as kernel/trace/ring_buffer.c writes it, and what a reader has to see in it. */
function encodePage(startNs: number, entries: readonly Entry[]) {
  const words: number[] = [];
  const expected: Visited[] = [];
  let atNs = startNs;
  const word = (type: number, time: number): number => ((time << 5) | type) >>> 0;
  for (const [index, entry] of entries.entries()) {
    atNs = entry.kind === "stamp" ? 0 : atNs;
    atNs += entry.delta;
    if ("high" in entry) {
      words.push(word(entry.kind === "stamp" ? 31 : 30, entry.delta), entry.high);
      atNs += entry.high * 2 ** 27;
      continue;
    }
    const data = Array.from({ length: entry.words }, (_, at) => index * 100 + at);
    if (entry.kind === "discarded") {
      words.push(word(29, entry.delta), (entry.words + 1) * 4, ...data);
    } else {
      const isShort = entry.words <= 28;
      words.push(word(isShort ? entry.words : 0, entry.delta));
      if (!isShort) words.push((entry.words + 1) * 4);
      words.push(...data);
      expected.push({ data: Buffer.from(Uint32Array.from(data).buffer).toString("hex"), atNs });
    }
  }
  const page = Buffer.alloc(16 + words.length * 4);
  page.writeBigUInt64LE(BigInt(startNs), 0);
  page.writeUInt32LE(words.length * 4, 8);
  page.set(Buffer.from(Uint32Array.from(words).buffer), 16);
  const format = { ...FORMAT, bytes: page.length };
  return { page, format, expected };
}

describe("a page of the trace buffer", () => {
  test("is laid out as the kernel says", () => {
    expect(FORMAT).toEqual({ commitOffset: 8, dataOffset: 16, bytes: 4096 });
    expect(() => parseTracePageFormat("field: u64 timestamp;")).toThrow("no field data");
  });

  test("gives the events that a kernel wrote, with their types and times", () => {
    const { events, missed } = visitAll(PAGE);
    const types = events.map(({ data }) => Buffer.from(data, "hex").readUInt16LE(0));
    expect(missed).toBe(false);
    // Of each aborted connection: the end at the server, the reset at the client, its end, and the reset that was sent.
    const aborted = [0x8ef, 0x8e7, 0x8ef, 0x8e8];
    expect(types).toEqual([...aborted, ...aborted, 0x8e8, 0x8e7, 0x8ef]);
    const times = events.map(({ atNs }) => atNs);
    expect(times[0]).toBe(Number(PAGE.readBigUInt64LE(0)));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(1e6);
  });

  test("tells that events before it were overwritten, whatever its length is", () => {
    const page = Buffer.from(PAGE);
    page.writeUInt32LE((page.readUInt32LE(8) | 0xc000_0000) >>> 0, 8);
    expect(visitAll(page)).toEqual({ ...visitAll(PAGE), missed: true });
  });

  test("ends at padding without a time, which fills the rest", () => {
    const { page, format, expected } = encodePage(5, [{ kind: "event", delta: 3, words: 2 }]);
    const filled = Buffer.concat([page, Buffer.from([29, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0])]);
    filled.writeUInt32LE(filled.length - 16, 8);
    expect(visitAll(filled, { ...format, bytes: filled.length }).events).toEqual(expected);
  });

  test("gives every event with its time, whatever stands between them", () => {
    const start = fc.nat({ max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(start, fc.array(ENTRY, { maxLength: 60 }), (startNs, entries) => {
        const { page, format, expected } = encodePage(startNs, entries);
        expect(visitAll(page, format).events).toEqual(expected);
      }),
    );
  });

  test("of any bytes is read to its end at most, event after event", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 300 }), (bytes) => {
        let end = 16;
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        visitTracePage(view, { ...FORMAT, bytes: bytes.length }, (at, length) => {
          expect(at).toBeGreaterThanOrEqual(end);
          end = at + length;
          expect(end).toBeLessThanOrEqual(bytes.length);
        });
      }),
    );
  });
});
