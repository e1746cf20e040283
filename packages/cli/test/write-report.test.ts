import { compareRun } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { afterEach, expect, test, vi } from "vitest";
import { completed, start, TemporaryDirectory, trialOf } from "../../store/test/made-run.ts";
import { writeReport } from "../src/write-report.ts";
import { listen } from "./fakes/listening-terminal.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a summary that GitHub names where nobody can write is a report without a place, and no bug", async () => {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  const runId = store.startRun(start);
  store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
  store.finishRun(runId, "completed");
  const summary = directory.file("none/summary.md");
  vi.stubEnv("GITHUB_STEP_SUMMARY", summary);
  const about = { store, comparison: compareRun(store, runId), gates: [], file: "s.yaml" };
  await expect(
    writeReport({ format: "github", file: null }, { ...about, terminal: listen() }),
  ).rejects.toMatchObject({ code: "E_OUTPUT", message: `${summary} cannot be written (ENOENT)` });
});
