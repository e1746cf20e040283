import { readdirSync, readFileSync, statSync } from "node:fs";
import { release } from "node:os";
import path from "node:path";
import { ChurnError, parseScenario, type Scenario, suggestName } from "@churnlab/core";
import { PIPED, readPipedText } from "./piped-text.ts";

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

/** The text of a scenario file. Throws `E_SCENARIO_FILE`. */
export function readScenarioFile(file: string): string {
  if (file === PIPED) return readPipedText();
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw unreadable(file, "is a directory", hintInside(file));
    if (stats.size === 0 && stats.isFile()) throw unreadable(file, "is empty");
    if (stats.size > BYTES_MAX) {
      throw unreadable(file, `has ${stats.size} bytes; a scenario has at most ${BYTES_MAX}`);
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ChurnError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code === "ENOENT") throw unreadable(file, "does not exist", hintBeside(file));
    throw unreadable(file, `cannot be read (${code})`);
  }
}

const START = "`churnlab new` writes a scenario to start from.";

function unreadable(file: string, problem: string, hint = START): ChurnError {
  return new ChurnError("E_SCENARIO_FILE", `${file} ${problem}`, { hint });
}

/** A run takes files, not folders: the shell lists them. */
function hintInside(folder: string): string {
  const [first] = listYaml(folder);
  if (first === undefined) return START;
  return `Name files in it: ${path.join(folder, first)}, or ${path.join(folder, "*.yaml")} for all.`;
}

function hintBeside(file: string): string {
  const folder = path.dirname(file);
  const { name } = path.parse(file);
  const known = listYaml(folder);
  const meant = suggestName(name, new Set(known.map((each) => path.parse(each).name)));
  const found = known.find((each) => path.parse(each).name === meant);
  return found === undefined ? START : `Did you mean ${path.join(folder, found)}?`;
}

function listYaml(folder: string): string[] {
  try {
    return readdirSync(folder).filter((each) => /\.ya?ml$/.test(each));
  } catch {
    return [];
  }
}
