import { expectRan } from "../machine-doubts.ts";
import { type Started, until } from "./start-fleet.ts";

const RUN_MS_MAX = 90_000;

/** Waits for the end of a program; throws with what it said where there is none. */
export async function expectEnd(started: Started, withinMs: number): Promise<void> {
  if (await until(() => started.child.exitCode !== null, withinMs)) return;
  throw new Error(`the program does not end:\n${started.log()}`);
}

/** Waits for the end of a run and asks that it came to it well, each trial that counts having been served. */
export async function expectServed(run: Started, database: string): Promise<void> {
  await expectEnd(run, RUN_MS_MAX);
  expectRan({ code: run.child.exitCode, said: run.log() }, database);
}
