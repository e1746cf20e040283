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

function listCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(listCommands)];
}

/** The help of a command as a screen of this width shows it. */
function helpAt(command: Command, helpWidth: number): string[] {
  const layout = command.configureHelp();
  try {
    return command
      .configureHelp({ ...layout, helpWidth })
      .helpInformation()
      .split("\n");
  } finally {
    command.configureHelp(layout);
  }
}

describe.each(listCommands(program).map((command) => [command.name(), command] as const))(
  "the help of %s",
  (_, command) => {
    test.each([60, 80, 120])("is no wider than a screen of %i columns", (columns) => {
      for (const line of helpAt(command, columns)) expect(line.length).toBeLessThanOrEqual(columns);
    });

    test("has its first example within 24 lines of 80 columns", () => {
      const lines = helpAt(command, 80);
      const first = lines.findIndex((line) => line.startsWith("  churnlab "));
      // A command that only holds others leaves the examples to them.
      expect(first).toBeGreaterThan(command.commands.length === 0 ? 0 : -2);
      expect(first).toBeLessThan(24);
    });
  },
);

test("an example that does not fit is continued as a shell asks, so that it can be copied", () => {
  const { command } = findCommand(["compare"]);
  const text = helpAt(command, 40).join("\n");
  expect(text).toMatch(
    / {2}churnlab compare main\.db#last last \\\n {4}--allow-diff kernel\.release\n/,
  );
});

describe("the help of a command", () => {
  test.each(listLeaves(program).filter((name) => !/^(fleet|agent)/.test(name)))(
    "of %s has examples and says how it may end",
    (name) => {
      const { command } = findCommand(name.split(" "));
      const text = command.helpInformation();
      expect(text).toMatch(/\nExamples:\n {2}churnlab /);
      expect(text).toMatch(/\nExit status:\n {2}0 {4}done\n {2}1 /);
    },
  );

  test.each(
    Object.entries(COMMAND_EXAMPLES).flatMap(([name, lines]) => lines.map((line) => [line, name])),
  )("has an example that the command takes: %s", (line, name) => {
    const words = (line as string).split(/ [<>] /)[0]?.split(" ") ?? [];
    const { command, rest } = findCommand(words);
    const path = words.slice(0, words.length - rest.length).join(" ");
    // Those of churnlab itself name its commands.
    expect(path).toBe(name || words[0]);
    const { operands, unknown } = command.parseOptions([...rest]);
    expect(unknown).toEqual([]);
    const required = command.registeredArguments.filter(({ required: is }) => is).length;
    expect(operands.length).toBeGreaterThanOrEqual(required);
  });
});
