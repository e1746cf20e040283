import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countEdits, suggestName } from "../src/suggest-name.ts";

const known = ["net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_tw_reuse_delay", "net.core.somaxconn"];

describe("a near miss", () => {
  test.each([
    ["net.ipv4.tcp_tw_reus", "net.ipv4.tcp_tw_reuse"],
    ["net.ipv4.tcp_wt_reuse", "net.ipv4.tcp_tw_reuse"],
    ["net/ipv4/tcp_tw_reuse", "net.ipv4.tcp_tw_reuse"],
    ["tcp_tw_reuse", "net.ipv4.tcp_tw_reuse"],
    ["TCP_TW_REUSE_DELAY", "net.ipv4.tcp_tw_reuse_delay"],
    ["somaxcon", "net.core.somaxconn"],
    ["net.core.somaxcon", "net.core.somaxconn"],
    ["tw_reuse", "net.ipv4.tcp_tw_reuse"],
    ["reuse_delay", "net.ipv4.tcp_tw_reuse_delay"],
    ["use", null],
    ["something.else", null],
    ["", null],
  ])("of %j is %j", (wrong, expected) => expect(suggestName(wrong, known)).toBe(expected));

  test("is never suggested for more than one edit in three letters", () => {
    const word = fc.string({
      unit: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(word, word, (wrong, name) => {
        const allowed = Math.max(1, Math.floor(wrong.length / 3));
        expect(suggestName(wrong, [name])).toBe(countEdits(wrong, name) <= allowed ? name : null);
      }),
    );
  });
});

describe("the number of edits", () => {
  test.each([
    ["", "", 0],
    ["abc", "abc", 0],
    ["abc", "acb", 1],
    ["abc", "ab", 1],
    ["abc", "abcd", 1],
    ["abc", "xbc", 1],
    ["kitten", "sitting", 3],
  ])("from %j to %j is %d", (a, b, edits) => expect(countEdits(a, b)).toBe(edits));

  test("is symmetric, zero only for equals, and at most the longer length", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), fc.string({ maxLength: 15 }), (a, b) => {
        const edits = countEdits(a, b);
        expect(edits).toBe(countEdits(b, a));
        expect(edits === 0).toBe(a === b);
        expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(edits).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});
