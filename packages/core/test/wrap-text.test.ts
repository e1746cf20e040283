import * as fc from "fast-check";
import { expect, test } from "vitest";
import { wrapText } from "../src/wrap-text.ts";

const words = fc.array(
  fc.string({ minLength: 1, maxLength: 30 }).filter((word) => !/\s/.test(word)),
  {
    minLength: 1,
    maxLength: 60,
  },
);

test("every word is kept, in order, in lines of at most 100 columns", () => {
  fc.assert(
    fc.property(words, fc.nat(12), (list, indent) => {
      const lines = wrapText(list.join(" "), " ".repeat(indent));
      expect(lines.flatMap((line) => line.trim().split(" "))).toEqual(list);
      expect(lines.every((line) => line.length <= 100 && line.startsWith(" ".repeat(indent)))).toBe(
        true,
      );
    }),
  );
});

test("a line is broken only when the next word does not fit", () => {
  fc.assert(
    fc.property(words, (list) => {
      const lines = wrapText(list.join(" "), "");
      for (const [i, line] of lines.slice(0, -1).entries()) {
        const next = lines[i + 1]?.split(" ")[0] ?? "";
        expect(line.length + 1 + next.length).toBeGreaterThan(100);
      }
    }),
  );
});

test("the prefix starts the first line, and the others stand below its text", () => {
  expect(wrapText(`${"x".repeat(95)} yy`, "  - ")).toEqual([`  - ${"x".repeat(95)}`, "    yy"]);
});

test("a word that is too long has a line of its own", () => {
  const long = "x".repeat(120);
  expect(wrapText(`a ${long} b`, "")).toEqual(["a", long, "b"]);
});
