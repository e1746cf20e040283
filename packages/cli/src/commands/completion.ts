import type { Command } from "commander";
import { describeWords } from "../completion/describe-words.ts";
import { formatBash } from "../completion/format-bash.ts";
import { formatFish } from "../completion/format-fish.ts";
import { formatZsh } from "../completion/format-zsh.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { terminal } from "../terminal.ts";

const FORMATTERS = { bash: formatBash, zsh: formatZsh, fish: formatFish } as const;

/** Prints what a shell sources to complete commands, options and their choices. */
export function completion(
  shell: "bash" | "zsh" | "fish",
  _options: object,
  command: Command,
): ExitCode {
  terminal.print(FORMATTERS[shell](describeWords(rootOf(command))));
  return EXIT.ok;
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
