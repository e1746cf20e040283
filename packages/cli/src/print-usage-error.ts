import type { Command, CommanderError } from "commander";
import { fitTalk } from "./fit-screen.ts";
import type { Terminal } from "./terminal.ts";

/** Says what is wrong with a command line as every other error is said: what happened, and one fix. */
export function printUsageError(
  { message, code }: CommanderError,
  { command, terminal }: { readonly command: string; readonly terminal: Terminal },
): void {
  if (code === "commander.help") return; // it was asked nothing, and has shown its help
  const [text = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const meant = suggestion?.match(/^\((Did you mean .*\?)\)$/)?.[1];
  const [, problem = text, rule] = text.match(/^(.* is invalid.*?)\. (.*)$/) ?? [];
  const fix = meant ?? rule ?? `\`${command} --help\` shows what it takes.`;
  terminal.say(fitTalk(`${terminal.red("✗")} ${problem}  ${terminal.dim("(E_USAGE)")}`));
  terminal.say(fitTalk(`  fix: ${fix}`));
}

/** The command that the words of a command line name, as far as they name one: `churnlab sysctl explain`. */
export function findCommandPath(program: Command, words: readonly string[]): string {
  const [first] = words;
  const command = program.commands.find((each) => each.name() === first);
  if (command === undefined) return program.name();
  return `${program.name()} ${findCommandPath(command, words.slice(1))}`;
}
