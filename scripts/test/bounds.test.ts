import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const WAITS = /\btimeout ((?:--\S+ )*\S+) /g;

const readWaits = (script: string): readonly string[] =>
  [...readFileSync(new URL(script, ROOT), "utf8").matchAll(WAITS)].map(([, bound = ""]) => bound);

it("bounds what a change has to pass in words that timeout understands", () => {
  const waits = readWaits(".ci/run");
  expect(waits).not.toHaveLength(0);
  for (const bound of waits) {
    // Ends with 125 when it does not understand its own words.
    execFileSync("timeout", [...bound.split(" "), "true"], { stdio: "pipe" });
  }
});
