import { openStore } from "@churnlab/store";
import { expect, test } from "vitest";
import { compareRun } from "../../src/compare-run.ts";
import { describeRunVerdict } from "../../src/html/describe-verdict.ts";
import { judgeRun } from "../../src/judge-run.ts";
import { makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";

test("a side without a completed trial is said to have none, before its environment is missed", () => {
  using place = new TemporaryDirectory();
  using store = openStore(place.file("runs.db"), { mode: "write" });
  const runId = makeRun(store, TW_REUSE, {
    outcomeOf: (trial, simulated) =>
      trial.variant === "baseline"
        ? simulated
        : {
            state: "failed",
            record: { ...simulated.record, environment: null },
            phase: "prepare",
            code: "E_TARGET",
            message: "gone",
          },
  });
  const comparison = compareRun(store, runId);
  const gates = judgeRun(comparison.run);
  const { sentences, headline } = describeRunVerdict({
    run: comparison.run,
    comparison,
    gates: [],
  });
  const said = [headline, ...sentences].join(" ");
  expect(said).toContain("tw_reuse=1 against baseline: one side has no completed trial.");
  expect(said).not.toContain("not comparable");
  const judged = describeRunVerdict({ run: comparison.run, comparison, gates });
  expect(judged).toMatchObject({ tone: "bad" });
});
