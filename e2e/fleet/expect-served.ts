import { expectRan } from "../machine-doubts.ts";
import { type Started, until } from "./start-fleet.ts";

const RUN_MS_MAX = 90_000;

/** Waits for the end of a run and asks that it came to it well, each trial that counts having been served. */
export async function expectServed(run: Started, database: string): Promise<void> {
  if (!(await until(() => run.child.exitCode !== null, RUN_MS_MAX))) {
    throw new Error(`the run does not end: ${run.log()}`);
  }
  expectRan({ code: run.child.exitCode, said: run.log() }, database);
}
