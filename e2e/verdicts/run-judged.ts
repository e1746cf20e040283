import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { WARNING_CODES } from "@churnlab/core";
import type { ResultDocument, ResultTrial } from "@churnlab/report";
import type { Workplace } from "../cli/churnlab.ts";

const TRIES_MAX = 3;

/** What is run, and with which further flags. */
export interface JudgedRun {
  /** Of the scenario's file and of its database: `same` is kept in same.db. */
  readonly name: string;
  readonly scenario: string;
  readonly flags?: readonly string[];
}

/** Runs a scenario into a database of its own and reads the result that it prints. */
export async function runOnce(
  place: Workplace,
  { name, scenario, flags = [] }: JudgedRun,
): Promise<ResultDocument> {
  const file = place.write(`${name}.yaml`, scenario);
  const { stdout } = await place.run(["run", file, "--db", `${name}.db`, "--json", ...flags]);
  return JSON.parse(stdout) as ResultDocument;
}

/**
 * The same, of which every trial counts. A run with trials that the generator limited tells of the machine, which may be
 * better the next time; no other doubt is worth a second try.
 */
export async function runJudged(place: Workplace, run: JudgedRun): Promise<ResultDocument> {
  const file = path.join(place.folder, `${run.name}.db`);
  const before = existsSync(file) ? readFileSync(file) : null;
  for (let tries = 1; ; tries++) {
    const result = await runOnce(place, run);
    const lost = result.run.trials.filter(({ state }) => state !== "completed");
    if (lost.length === 0) return result;
    const why = lost.map((trial) => `${trial.variant} ${trial.state}: ${reasonsOf(trial)}`);
    if (tries === TRIES_MAX || !lost.every(isGeneratorLimited)) {
      throw new Error(`${run.name}: ${lost.length} trials do not count:\n${why.join("\n")}`);
    }
    // What is read of the database later is of the runs that count.
    if (before === null) rmSync(file);
    else writeFileSync(file, before);
  }
}

function reasonsOf({ reason, warnings }: ResultTrial): string {
  return [reason ?? "", ...warnings.map(({ code, message }) => `${code} ${message}`)].join("; ");
}

function isGeneratorLimited({ state, warnings }: ResultTrial): boolean {
  const fatal = warnings.filter(({ code }) => WARNING_CODES[code].invalidates);
  return state === "invalid" && fatal.every(({ code }) => code === "W_GENERATOR_LIMITED");
}
