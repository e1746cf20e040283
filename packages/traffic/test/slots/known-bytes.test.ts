import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KnownBytes } from "../../src/slots/known-bytes.ts";
import type { Inbox } from "../../src/slots/slot-wire.ts";

function inboxWith(content: Uint8Array): Inbox {
  const buffer = new ArrayBuffer(256);
  const bytes = new Uint8Array(buffer);
  bytes.set(content);
  return { bytes, words: new Int32Array(buffer) };
}

test("knows nothing at first", () => {
  expect(new KnownBytes().equal(inboxWith(new Uint8Array(0)), 5)).toBe(false);
});

test("knows what it has learnt, and nothing that differs in a single byte or in length", () => {
  const content = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(content, fc.nat(), (bytes, anywhere) => {
      const known = new KnownBytes();
      known.learn(inboxWith(bytes), bytes.length);
      expect(known.equal(inboxWith(bytes), bytes.length)).toBe(true);
      expect(known.equal(inboxWith(bytes), bytes.length + 1)).toBe(false);
      expect(known.equal(inboxWith(bytes), bytes.length - 1)).toBe(false);
      const other = bytes.slice();
      const at = anywhere % bytes.length;
      other[at] = (other[at] as number) ^ 1;
      expect(known.equal(inboxWith(other), bytes.length)).toBe(false);
    }),
  );
});

test("what it has learnt does not change with the inbox", () => {
  const known = new KnownBytes();
  const inbox = inboxWith(Buffer.from("an answer"));
  known.learn(inbox, 9);
  inbox.bytes.fill(0);
  expect(known.equal(inboxWith(Buffer.from("an answer")), 9)).toBe(true);
});
