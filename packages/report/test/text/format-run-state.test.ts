import type { RunSummary } from "@churnlab/store";
import { expect, test } from "vitest";
import { countTrials, formatState } from "../../src/text/format-run-list.ts";
import { PLAIN_STYLE } from "../../src/text/style.ts";

const NONE = { completed: 0, degraded: 0, failed: 0, invalid: 0, aborted: 0 };

function aRun(trials: Partial<typeof NONE>, plannedTrials: number): RunSummary {
  return {
    runId: "01KAMQ3N8R",
    scenario: "s",
    state: "completed",
    startedAtUnixMs: 0,
    endedAtUnixMs: 1,
    seed: 1,
    churnlabVersion: "0.1.0",
    fingerprint: null,
    tags: {},
    variants: 1,
    plannedTrials,
    trials: { ...NONE, ...trials },
  };
}

test.each([
  [{ completed: 2 }, 2, "✓ completed", "2 trials"],
  [{ completed: 1 }, 1, "✓ completed", "1 trial"],
  [{ invalid: 2 }, 2, "✗ ended, no valid trial", "0 of 2 trials, 2 invalid"],
  [{ completed: 1, invalid: 1 }, 2, "! completed in part", "1 of 2 trials, 1 invalid"],
  [{ completed: 1, degraded: 1 }, 2, "! completed in part", "1 of 2 trials, 1 degraded"],
])("a run with %j of %i trials is called %j", (...row) => {
  const [trials, planned, state, counted] = row;
  const run = aRun(trials, planned);
  expect(formatState(run, PLAIN_STYLE)).toBe(state);
  expect(countTrials(run)).toBe(counted);
});
