import { expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { completed, makeRecord, start, TemporaryDirectory, trialOf } from "./made-run.ts";

test("of a trial that was repeated, only the attempt that counts has peaks", () => {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  const runId = store.startRun(start);
  const trial = trialOf(0);
  const first = completed();
  const lost = { ...first, state: "invalid", reason: "an agent was lost" } as const;
  const { portUses, listenerQueues } = makeRecord();
  const second = completed({
    portUses: portUses.map((use) => ({ ...use, used: 700 })),
    listenerQueues: listenerQueues.map((queue) => ({ ...queue, depth: 1 })),
  });
  store.saveAttempt(runId, { trial, outcome: lost, attempt: 1 });
  store.saveAttempt(runId, { trial, outcome: second, attempt: 2 });

  const peaks = store.loadPeaks(runId);
  expect(peaks.portUses.map(({ trialId, used }) => [trialId, used])).toEqual([[0, 700]]);
  expect(peaks.listenerQueues.map(({ trialId, depth }) => [trialId, depth])).toEqual([[0, 1]]);
});
