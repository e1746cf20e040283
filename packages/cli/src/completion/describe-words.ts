import type { StoredNames } from "@churnlab/store/names";
import type { Command } from "commander";

/** What may follow the names of a command. */
export interface CommandWords {
  /** `sysctl explain`; empty for churnlab itself. */
  readonly path: string;
  readonly description: string;
  readonly subcommands: readonly Word[];
  readonly options: readonly OptionWord[];
  /** What its arguments name; null where they are files or words of their own. */
  readonly stored: StoredNames | null;
}

export interface Word {
  readonly name: string;
  readonly description: string;
}

export interface OptionWord extends Word {
  /** It takes a value; one of `choices`, where there are any, else often a file. */
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** What its value names. */
  readonly stored: StoredNames | null;
}

/** The words of a command and of all below it. */
export function describeWords(command: Command, parents: readonly string[] = []): CommandWords[] {
  const subcommands = command.commands.map((each) => {
    return { name: each.name(), description: each.description() };
  });
  const words = {
    path: parents.join(" "),
    description: command.description(),
    subcommands,
    options: [...command.options.filter(({ hidden }) => !hidden).map(describeOption), HELP],
    stored: findStored(command.registeredArguments.map((argument) => argument.name()).join(" ")),
  };
  return [
    words,
    ...command.commands.flatMap((each) => describeWords(each, [...parents, each.name()])),
  ];
}

const HELP: OptionWord = {
  name: "--help",
  description: "display help for command",
  takesValue: false,
  choices: [],
  stored: null,
};

/** By the names that arguments and values have in the usage: `<run>`, `<role.metric>`. */
function findStored(names: string): StoredNames | null {
  if (/\brun\b/.test(names)) return "runs";
  return /\bmetric\b/.test(names) ? "metrics" : null;
}

function describeOption(option: Command["options"][number]): OptionWord {
  return {
    name: option.long ?? option.flags,
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
    stored: findStored(/<(.*)>/.exec(option.flags)?.[1] ?? ""),
  };
}
