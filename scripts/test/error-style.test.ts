import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const TEXT = /"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/.source;
const MESSAGE = new RegExp(String.raw`new ChurnError\(\s*"E_\w+",\s*(${TEXT})`, "g");
const HINT = new RegExp(String.raw`\bhint:\s*(${TEXT})`, "g");

/** The texts that a pattern finds in all rooms, each with its file. */
function listTexts(pattern: RegExp): { readonly file: string; readonly text: string }[] {
  return globSync("packages/*/src/**/*.ts", { cwd: root }).flatMap((file) =>
    [...readFileSync(path.join(root, file), "utf8").matchAll(pattern)].map(([, quoted = ""]) => ({
      file,
      text: quoted.slice(1, -1),
    })),
  );
}

describe("what a person is told of an error", () => {
  it("is a clause without a full stop, as its code stands behind it", () => {
    const messages = listTexts(MESSAGE);
    expect(messages.length).toBeGreaterThan(100);
    expect(messages.filter(({ text }) => text.endsWith("."))).toEqual([]);
  });

  it("has a fix that begins as a sentence does, or is a command", () => {
    const hints = listTexts(HINT);
    expect(hints.length).toBeGreaterThan(100);
    const isSentence = /^(?:[A-Z\\`$"-]|mkdir |churnlab )/;
    expect(hints.filter(({ text }) => !isSentence.test(text))).toEqual([]);
  });
});
