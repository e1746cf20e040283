import * as fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { fitText } from "../../src/index.ts";

const TABLE = [
  "median (range)                              baseline           tw_reuse=1           keep-alive",
  "client.connections.succeeded ↑              2 048 ×2             3 200 ×2          17.5 (3…32)",
].join("\n");

describe("text on a narrow screen", () => {
  test.each([60, 80])(
    "stays within %i columns, and breaks a table between its columns",
    (columns) => {
      const lines = fitText(TABLE, columns).split("\n");
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.filter((line) => line.startsWith("    "))).toHaveLength(2);
      expect(lines.at(-1)).toContain("17.5 (3…32)");
    },
  );

  test("is unchanged where it fits", () => {
    expect(fitText(TABLE, 100)).toBe(TABLE);
  });

  test("keeps every word, in order and whole, however narrow", () => {
    const word = fc.stringMatching(/^[a-z.=█…/-]{1,30}$/);
    const gap = fc.constantFrom(" ", "  ", "      ");
    const line = fc.array(fc.tuple(gap, word), { maxLength: 30 });
    fc.assert(
      fc.property(line, fc.integer({ min: 20, max: 120 }), (parts, columns) => {
        const text = parts.map(([space, each]) => space + each).join("");
        const fitted = fitText(text, columns);
        expect(fitted.split(/\s+/).filter(Boolean)).toEqual(text.split(/\s+/).filter(Boolean));
        for (const each of fitted.split("\n")) {
          const isOneWord = !each.trim().includes(" ");
          expect(isOneWord || stringWidth(each) <= columns).toBe(true);
        }
      }),
    );
  });

  test("does not count escape codes as columns", () => {
    const coloured = `\u001b[32m${"a".repeat(30)}\u001b[39m ${"b".repeat(29)}`;
    expect(fitText(coloured, 60)).toBe(coloured);
  });
});
