import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { openStore } from "@churnlab/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { TW_REUSE } from "../../packages/report/test/fixtures/scenarios.ts";
import { Workplace } from "./churnlab.ts";

const place = new Workplace();
beforeAll(() => {
  using store = openStore(path.join(place.folder, "churnlab.db"), { mode: "write" });
  makeRun(store, TW_REUSE);
});
afterAll(() => place[Symbol.dispose]());

interface Screen {
  /** null: stdout is a pipe. */
  readonly columns?: number | null;
  readonly settings?: readonly string[];
}

/** What a command prints where there is no other setting for colour than these. */
async function printOn(
  args: readonly string[],
  { columns = null, settings = [] }: Screen,
): Promise<string> {
  const environment = ["env", "-u", "NO_COLOR", "-u", "CI", "TERM=xterm", ...settings];
  const screen = ["sh", "-c", `script -qec "stty cols ${columns}; $*" /dev/null`, "sh"];
  const prefix = [...environment, ...(columns === null ? [] : screen)];
  const { code, stdout } = await place.run(args, { prefix });
  expect(code).toBe(0);
  return stdout.replaceAll("\r\n", "\n");
}

const ESCAPE = "\u001b[";

describe("escape codes", () => {
  it.each<readonly [where: string, screen: Screen, colours: boolean]>([
    ["a pipe", {}, false],
    ["a pipe with FORCE_COLOR=1", { settings: ["FORCE_COLOR=1"] }, true],
    ["a terminal", { columns: 100 }, true],
    ["a terminal with NO_COLOR=1", { columns: 100, settings: ["NO_COLOR=1"] }, false],
    ["a terminal with TERM=dumb", { columns: 100, settings: ["TERM=dumb"] }, false],
  ])("of %s", async (_, screen, colours) => {
    expect((await printOn(["compare", "last"], screen)).includes(ESCAPE)).toBe(colours);
  });
});

describe("a screen of 60 columns", () => {
  it.each(["show last", "compare last", "compare last --all", "runs"])(
    "has what %s prints whole, with no line that is broken",
    async (command) => {
      const args = command.split(" ");
      const [narrow, wide] = await Promise.all([printOn(args, { columns: 60 }), printOn(args, {})]);
      const lines = stripVTControlCharacters(narrow).split("\n");
      expect(lines.filter((line) => line.length > 60)).toEqual([]);
      // Nothing is dropped: every number is there, however it is laid out.
      const numbersOf = (text: string): string[] =>
        [...new Set(stripVTControlCharacters(text).match(/\d[\d.]*/g))].toSorted();
      expect(numbersOf(narrow)).toEqual(numbersOf(wide));
    },
  );
});
