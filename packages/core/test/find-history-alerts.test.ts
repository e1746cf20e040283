import { describe, expect, test } from "vitest";
import {
  findHistoryAlerts as findHistory,
  type HistoryAlert,
  type HistoryOptions,
  type HistoryPoint,
} from "../src/find-history-alerts.ts";
import noise from "./fixtures/statistics/noise.json" with { type: "json" };

/** One run per value of `levels`, with 3 % noise; each run has its own commit. */
function historyOf(levels: readonly number[], fingerprint = "linux-6.18"): HistoryPoint[] {
  return levels.map((level, i) => ({
    runId: `${fingerprint}-${i}`,
    commit: `c${i}`,
    fingerprint,
    value: level * Math.exp((noise.noisePpm[i] ?? 0) / 1e6),
  }));
}

function findHistoryAlerts(
  history: readonly HistoryPoint[],
  asked: HistoryOptions,
): readonly HistoryAlert[] {
  return findHistory(history, asked).alerts;
}

const level = (value: number, length: number): number[] => Array.from({ length }, () => value);
const options = { metric: "latency.connect.p99" };

describe("the history of a metric", () => {
  test("raises one alert where it changed, with the commits on both sides", () => {
    const alerts = findHistoryAlerts(historyOf([...level(100, 25), ...level(130, 25)]), options);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      runId: "linux-6.18-25",
      commit: "c25",
      previousCommit: "c24",
      direction: "worse",
    });
    expect(alerts[0]?.effect).toBeCloseTo(0.3, 1);
  });

  test.each([
    ["connections.rate", "better"],
    ["latency.connect.p99", "worse"],
    ["tcpext.TW", "changed"],
  ])("a rise of %s is %s", (metric, direction) => {
    const history = historyOf([...level(100, 25), ...level(130, 25)]);
    expect(findHistoryAlerts(history, { metric })[0]?.direction).toBe(direction);
  });

  test("raises none for a change below the metric's margin", () => {
    const history = historyOf([...level(100, 50), ...level(107, 50)]);
    expect(findHistoryAlerts(history, options)).toEqual([]);
    expect(findHistoryAlerts(history, { metric: "connections.rate" })).toHaveLength(1);
  });

  test("begins anew with another fingerprint: a new kernel is not a regression", () => {
    const history = [...historyOf(level(100, 25)), ...historyOf(level(200, 25), "linux-6.19")];
    expect(findHistoryAlerts(history, options)).toEqual([]);
    expect(
      findHistoryAlerts(
        history.map((run) => ({ ...run, fingerprint: "same" })),
        options,
      ),
    ).toHaveLength(1);
  });

  test("follows each of two machines that take turns, and finds the change on both", () => {
    const levels = [...level(100, 20), ...level(130, 20)];
    const fast = historyOf(levels, "fast");
    const slow = historyOf(
      levels.map((value) => value * 3),
      "slow",
    );
    const history = fast.flatMap((run, i) => [run, slow[i] as HistoryPoint]);
    const { alerts, longestSeries } = findHistory(history, options);
    expect(longestSeries).toBe(40);
    expect(alerts).toMatchObject([
      { runId: "fast-20", previousRunId: "fast-19", direction: "worse" },
      { runId: "slow-20", previousRunId: "slow-19", direction: "worse" },
    ]);
  });

  test("says how many runs of one machine there are, and how many it takes", () => {
    const history = [...historyOf(level(1, 13)), ...historyOf(level(2, 9), "other")];
    expect(findHistory(history, options)).toEqual({
      alerts: [],
      longestSeries: 13,
      runsNeeded: 14,
    });
  });

  test("skips runs without a usable value", () => {
    const history = historyOf([...level(100, 30), ...level(130, 30)]);
    const holes = history.map((run, i) =>
      i % 7 === 3 ? { ...run, value: i % 2 === 0 ? null : Number.NaN } : run,
    );
    expect(findHistoryAlerts(holes, options)).toHaveLength(1);
  });

  test("of too few runs, or of none, raises nothing", () => {
    expect(findHistoryAlerts([], options)).toEqual([]);
    expect(findHistoryAlerts(historyOf([1, 100, 1, 100]), options)).toEqual([]);
  });
});
