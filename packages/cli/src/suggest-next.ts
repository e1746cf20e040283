import path from "node:path";
import { quoteWord } from "@churnlab/core";
import type { Terminal } from "./terminal.ts";

/** How churnlab was called: npm and npx tell what they start, and then there is no `churnlab` to type. */
const NAME = process.env["npm_command"] === undefined ? "churnlab" : "npx churnlab";

/** Names what a person may want to do now, a line each, ready to be pasted into a shell. */
export function suggestNext(commands: readonly string[], terminal: Terminal): void {
  commands.forEach((command, i) => {
    terminal.say(`${i === 0 ? "Next    " : "        "}${NAME} ${command}`);
  });
}

/** A run as the next command has to name it: with its database, where that is not the one in this folder. */
export function referTo(runId: string, database: string): string {
  const file = path.relative("", database);
  if (file === "churnlab.db") return runId;
  return quoteWord(`${file.startsWith("..") ? database : file}#${runId}`);
}
