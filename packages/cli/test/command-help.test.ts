import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { COMMAND_EXAMPLES } from "../src/command-help.ts";
import { buildProgram } from "../src/program.ts";

const program = buildProgram(() => {});

function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command: Command = program;
  let rest = words;
  for (;;) {
    const next = command.commands.find((each) => each.name() === rest[0]);
    if (next === undefined) return { command, rest };
    command = next;
    rest = rest.slice(1);
  }
}

function listLeaves(command: Command, path: readonly string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(" ")];
  return command.commands.flatMap((each) => listLeaves(each, [...path, each.name()]));
}

describe("the help of a command", () => {
  test.each(listLeaves(program).filter((name) => !/^(fleet|agent)/.test(name)))(
    "of %s has examples and says how it may end",
    (name) => {
      const { command } = findCommand(name.split(" "));
      let text = "";
      command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
      expect(text).toMatch(/\nExamples:\n {2}churnlab /);
      expect(text).toMatch(/\nExit status:\n {2}0 {4}done\n {2}1 /);
    },
  );

  test.each(
    Object.entries(COMMAND_EXAMPLES).flatMap(([name, lines]) => lines.map((line) => [line, name])),
  )("has an example that the command takes: %s", (line, name) => {
    const words = (line as string).split(/ [<>] /)[0]?.split(" ") ?? [];
    const { command, rest } = findCommand(words);
    expect(words.slice(0, words.length - rest.length).join(" ")).toBe(name);
    const { operands, unknown } = command.parseOptions([...rest]);
    expect(unknown).toEqual([]);
    const required = command.registeredArguments.filter(({ required: is }) => is).length;
    expect(operands.length).toBeGreaterThanOrEqual(required);
  });
});
