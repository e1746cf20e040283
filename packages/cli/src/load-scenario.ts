import { readFileSync, statSync } from "node:fs";
import { release } from "node:os";
import { ChurnError, parseScenario, type Scenario } from "@churnlab/core";

/** A scenario is a page of text; anything larger is some other file. */
const BYTES_MAX = 1_000_000;

export interface ScenarioOverrides {
  readonly set?: readonly string[];
  readonly only?: readonly string[];
  readonly replicates?: number | "auto";
  readonly seed?: number;
}

/** Reads and checks a scenario file. Throws `E_SCENARIO_FILE` or a `ScenarioError`. */
export function loadScenario(file: string, overrides: ScenarioOverrides = {}): Scenario {
  return parseScenario(readScenarioFile(file), file, { ...overrides, kernel: release() });
}

function readScenarioFile(file: string): string {
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw unreadable(file, "is a directory");
    if (stats.size === 0 && stats.isFile()) throw unreadable(file, "is empty");
    if (stats.size > BYTES_MAX) {
      throw unreadable(file, `has ${stats.size} bytes; a scenario has at most ${BYTES_MAX}`);
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ChurnError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw unreadable(file, code === "ENOENT" ? "does not exist" : `cannot be read (${code})`);
  }
}

function unreadable(file: string, problem: string): ChurnError {
  return new ChurnError("E_SCENARIO_FILE", `${file} ${problem}.`, {
    hint: "Name a scenario file, for example scenarios/quickstart.yaml.",
  });
}
