import { describe, expect, test } from "vitest";
import { doubtRun, exitCodeOfTrials, type RunEnd } from "../src/doubt-run.ts";
import { EXIT } from "../src/exit-codes.ts";

type Trial = RunEnd["trialList"][number];

const good: Trial = { state: "completed", reason: null };
const bad: Trial = { state: "invalid", reason: "the generator was the limit" };
const runOf = (state: RunEnd["state"], trialList: readonly Trial[]): RunEnd => {
  return { state, plannedTrials: 12, trialList };
};
const many = (count: number, trial: Trial): Trial[] => Array.from({ length: count }, () => trial);

describe("a run that may not speak through its gates", () => {
  test("is one with a trial that is not completed, as `run` itself ends", () => {
    const trials = [good, ...many(11, bad)];
    expect(doubtRun(runOf("completed", trials))).toBe(
      "11 of 12 trials do not count (11 invalid): the generator was the limit",
    );
    expect(exitCodeOfTrials(trials)).toBe(EXIT.broken);
  });

  test.each([
    ["running", "the run is not finished: 3 of 12 trials so far"],
    ["aborted", "the run was interrupted after 3 of 12 trials"],
    ["failed", "the run broke after 3 of 12 trials"],
  ] as const)("is one that is %s, however good its trials", (state, doubt) => {
    expect(doubtRun(runOf(state, many(3, good)))).toBe(doubt);
  });

  test("is none that completed all of its trials", () => {
    expect(doubtRun(runOf("completed", many(12, good)))).toBeNull();
    expect(exitCodeOfTrials(many(12, good))).toBe(EXIT.ok);
  });
});
