import type { StoredNames } from "@churnlab/store/names";
import type { Command } from "commander";
import { type CommandWords, describeWords } from "../completion/describe-words.ts";
import { formatBash } from "../completion/format-bash.ts";
import { formatFish } from "../completion/format-fish.ts";
import { formatZsh } from "../completion/format-zsh.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { terminal } from "../terminal.ts";

type Shell = "bash" | "zsh" | "fish";

const FORMATTERS: Readonly<Record<Shell, (commands: readonly CommandWords[]) => string>> = {
  bash: formatBash,
  zsh: formatZsh,
  fish: formatFish,
};

/** Prints what a shell sources to complete commands, options and their choices; or what a database has, for its script. */
export async function completion(
  what: Shell | StoredNames,
  { db }: { readonly db: string },
  command: Command,
): Promise<ExitCode> {
  if (what === "runs" || what === "metrics") {
    const { listNames } = await import("@churnlab/store/names");
    const words = listNames(what, db);
    if (words.length > 0) terminal.print(words.join("\n"));
  } else {
    terminal.print(FORMATTERS[what](describeWords(rootOf(command))));
  }
  return EXIT.ok;
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
