import { once } from "node:events";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { openStore } from "@churnlab/store";
import { expect, it } from "vitest";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { MATRIX } from "../../packages/report/test/fixtures/scenarios.ts";
import { SMALL_SCENARIO, Workplace } from "../cli/churnlab.ts";
import { expectRan } from "../machine-doubts.ts";

/** Their report builds in about a second: several ticks of the sampler, each time that it is read. */
const TRIALS = 200;
const TICK_MS = 200;
/** Ticks as often as the sampler does, in a thread that has nothing to do with a run, and counts those that came late. */
const BYSTANDER = `
  const { parentPort, workerData } = require("node:worker_threads");
  let late = 0;
  let lastMs = performance.now();
  const ticks = setInterval(() => {
    const nowMs = performance.now();
    late += Math.max(0, Math.round((nowMs - lastMs) / workerData.tickMs) - 1);
    lastMs = nowMs;
  }, workerData.tickMs);
  parentPort.once("message", () => {
    clearInterval(ticks);
    parentPort.postMessage(late);
    parentPort.close();
  });`;

it("reports that are read while a run goes on are not built by the thread that samples it", async () => {
  using place = new Workplace();
  const file = path.join(place.folder, "churnlab.db");
  const large = makeLargeRun(file);
  const text = SMALL_SCENARIO.replace("measure: 1s", "measure: 12s");
  const run = place.start(["run", place.write("small.yaml", text), "--only", "rst", "--ui", "0"]);
  let said = "";
  run.child.stderr?.on("data", (more: string) => {
    said += more;
  });
  await run.shows("trial 1/1");
  const { origin } = new URL(/http:\S+/.exec(said)?.[0] ?? "");
  const bystander = new Worker(BYSTANDER, { eval: true, workerData: { tickMs: TICK_MS } });
  const sizes: number[] = [];
  while (run.child.exitCode === null) {
    for (const page of [`/runs/${large}`, "/runs/last", `/api/runs/${large}/series.bin`]) {
      // The server goes with its run, whatever is being asked of it.
      const size = await readSize(`${origin}${page}`).catch(() => null);
      if (size !== null && page === `/runs/${large}`) sizes.push(size);
    }
  }
  const { code, stderr } = await run.ended;
  bystander.postMessage("end");
  const [late] = (await once(bystander, "message")) as [number];
  expect(sizes.length).toBeGreaterThanOrEqual(1);
  expect(Math.min(...sizes)).toBeGreaterThan(1000 * TRIALS);
  using db = new DatabaseSync(file, { readOnly: true });
  const missed = db
    .prepare(
      "SELECT value FROM v_measurement WHERE metric = 'sampler.missed' AND run_id <> ? ORDER BY trial_id",
    )
    .all(large)
    .map((row) => row["value"]);
  expect(missed).toHaveLength(1);
  // A machine with other work costs ticks, of this thread or of the other. Where the one that samples builds the pages, it is a dozen and more.
  expect(missed[0]).toBeLessThanOrEqual(late + 5);
  expectRan({ code, said: stderr }, file);
});

function makeLargeRun(file: string): string {
  using store = openStore(file, { mode: "write" });
  const runId = makeRun(store, MATRIX);
  expect(store.loadRun(runId).trialList).toHaveLength(TRIALS);
  return runId;
}

/** Characters of a page; throws when it is not given. */
async function readSize(address: string): Promise<number> {
  const response = await fetch(address);
  const body = await response.arrayBuffer();
  if (!response.ok) throw new Error(`${response.status} for ${address}`);
  return body.byteLength;
}
