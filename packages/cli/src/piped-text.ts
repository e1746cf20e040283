import { readFileSync } from "node:fs";
import { ChurnError } from "@churnlab/core";

/** The name that stands for the text that is piped in. */
export const PIPED = "-";

/** A pipe gives its text only once. */
let text: string | undefined;

/** What stdin holds, whoever asks how often. Throws `E_SCENARIO_FILE` when stdin is a terminal. */
export function readPipedText(): string {
  if (process.stdin.isTTY) {
    throw new ChurnError("E_SCENARIO_FILE", "Nothing is piped in", {
      hint: "Name a file, or pipe one in: `churnlab plan - < my.yaml`.",
    });
  }
  text ??= readFileSync(0, "utf8");
  return text;
}

/** What was read from stdin, so that a process that takes this one's place can be given it; undefined: nothing was. */
export function pipedSoFar(): string | undefined {
  return text;
}
