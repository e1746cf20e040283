import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { findCommandPath, printUsageError } from "../src/print-usage-error.ts";
import { buildProgram } from "../src/program.ts";
import { listen } from "./fakes/listening-terminal.ts";

test.each([
  ["rnu", "unknown command 'rnu'", "Did you mean run?"],
  ["runs --bd x", "unknown option '--bd'", "Did you mean --db?"],
  ["plan", "missing required argument 'scenario'", "`churnlab plan --help` shows what it takes."],
  ["sysctl explain", "missing required argument 'name'", "`churnlab sysctl explain --help` shows"],
  ["schema x", "'x' is invalid for argument 'what'", "Allowed choices are scenario, result"],
  ["run x --seed x", "argument 'x' is invalid", "It must be a whole number of at least 0."],
  ["run --resume last --agents 2", "cannot be used with option '--agents <n>'", "`churnlab run"],
  ["export last --format x", "argument 'x' is invalid", "Allowed choices are html, junit"],
])("of `churnlab %s` it says %j and one fix, %j", async (line, problem, fix) => {
  const said = await sayOf(line.split(" "));
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/^✗ .*  \(E_USAGE\)$/);
  expect(said[0]).toContain(problem);
  expect(said[1]).toContain(`  fix: ${fix}`);
});

/** What is said of a wrong command line; the program itself says nothing more. */
async function sayOf(words: readonly string[]): Promise<readonly string[]> {
  const terminal = listen();
  const program = buildProgram(() => {});
  const error: unknown = await program.parseAsync(words, { from: "user" }).catch((e: unknown) => e);
  if (!(error instanceof CommanderError)) throw error;
  printUsageError(error, { command: findCommandPath(program, words), terminal });
  return terminal.said;
}
