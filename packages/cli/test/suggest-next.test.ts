import path from "node:path";
import { quoteWord } from "@churnlab/core";
import { expect, test } from "vitest";
import { referTo, suggestNext } from "../src/suggest-next.ts";
import { listen } from "./fakes/listening-terminal.ts";

test("a run of this folder's database is named by its id, any other with its file", () => {
  expect(referTo("01ABC", path.resolve("churnlab.db"))).toBe("01ABC");
  expect(referTo("01ABC", path.resolve("runs/x.db"))).toBe("runs/x.db#01ABC");
  expect(referTo("01ABC", "/var/lib/x.db")).toBe("/var/lib/x.db#01ABC");
  expect(referTo("01ABC", "/tmp/my runs/x.db")).toBe("'/tmp/my runs/x.db#01ABC'");
});

test.each([
  ["a.yaml", "a.yaml"],
  ["a b.yaml", "'a b.yaml'"],
  ["$(reboot).yaml", "'$(reboot).yaml'"],
  ["it's", "'it'\\''s'"],
])("%j is %s to a shell", (text, word) => expect(quoteWord(text)).toBe(word));

test("every suggestion is a whole command", () => {
  const terminal = listen();
  suggestNext(["show last", "runs"], terminal);
  expect(terminal.said).toEqual([
    expect.stringMatching(/^Next {4}(npx )?churnlab show last$/),
    expect.stringMatching(/^ {8}(npx )?churnlab runs$/),
  ]);
});
