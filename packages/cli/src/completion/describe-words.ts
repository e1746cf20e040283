import type { Command } from "commander";

/** What may follow the names of a command. */
export interface CommandWords {
  /** `sysctl explain`; empty for churnlab itself. */
  readonly path: string;
  readonly description: string;
  readonly subcommands: readonly Word[];
  readonly options: readonly OptionWord[];
}

export interface Word {
  readonly name: string;
  readonly description: string;
}

export interface OptionWord extends Word {
  /** It takes a value; one of `choices`, where there are any, else often a file. */
  readonly takesValue: boolean;
  readonly choices: readonly string[];
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
    options: [...command.options.map(describeOption), HELP],
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
};

function describeOption(option: Command["options"][number]): OptionWord {
  return {
    name: option.long ?? option.flags,
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}
