import { parseScenario, planTrials } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import { describe, expect, it } from "vitest";
import { chartTrial, TIME_CHART_IDS } from "../../src/charts/chart-trial.ts";
import { findPeak } from "../../src/charts/find-extremes.ts";
import { frameCharts } from "../../src/charts/frame-charts.ts";
import { loadTrialSeries } from "../../src/charts/load-trial-series.ts";
import { stackTops } from "../../src/charts/stack-areas.ts";
import type { TimeChart } from "../../src/charts/time-chart.ts";
import type { SeriesColumns, TrialSeries } from "../../src/charts/trial-series.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE, TWO_SECONDS } from "../fixtures/scenarios.ts";

function loadTrials(scenario: string, options: MakeRunOptions = {}): readonly TrialSeries[] {
  using place = new TemporaryDirectory();
  using store = openStore(place.file("runs.db"), { mode: "write" });
  return loadTrialSeries(store, store.loadRun(makeRun(store, scenario, options))).trials;
}

function lineOf(chart: TimeChart | null, label: string): TimeChart["lines"][number] {
  const line = chart?.lines.find((one) => one.label === label);
  if (line === undefined)
    throw new Error(`no line ${label} in ${chart?.lines.map((one) => one.label).join(", ")}`);
  return line;
}

describe("the port budget", () => {
  it("fills up to its ceiling, exactly, when ports run out", () => {
    const trial = loadTrials(TW_REUSE).find(({ variant }) => variant === "baseline") as TrialSeries;
    const chart = chartTrial(trial, "ports-client") as TimeChart;
    expect(chart.bounds).toEqual([{ value: 2048, label: "2 048 local ports" }]);
    expect(findPeak(lineOf(chart, "TIME_WAIT"), chart.tMs)?.value).toBe(2048);
    expect(chart.summary).toContain("TIME_WAIT peaks at 2 048");
    expect(trial.markers.map(({ kind }) => kind)).toEqual([
      "ports.half",
      "ports.nearly-exhausted",
      "failures.EADDRNOTAVAIL",
    ]);
  });

  it("has room for the ports of every source", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    const chart = chartTrial({ ...trial, sources: 3 }, "ports-client");
    expect(chart?.bounds[0]).toEqual({ value: 3 * 28_232, label: "3 × 28 232 local ports" });
  });

  it("knows its ceiling from the scenario before a kernel was asked", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    const series = new Map([...trial.series].filter(([key]) => !key.includes("ports.")));
    expect(chartTrial({ ...trial, series }, "ports-client")?.bounds[0]?.value).toBe(28_232);
  });

  it("is stacked by state where the socket table was dumped often enough", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    const tMs = Array.from({ length: 30 }, (_, i) => i * 50);
    const column = (value: number): SeriesColumns => ({
      tMs,
      mean: tMs.map(() => value),
      min: null,
      max: null,
      binMs: null,
    });
    const states = { LISTEN: 1, SYN_SENT: 2, ESTABLISHED: 3, TIME_WAIT: 4 };
    const series = new Map(
      Object.entries(states).map(([state, value]) => [`client.sockets.${state}`, column(value)]),
    );
    const chart = chartTrial({ ...trial, series }, "ports-client") as TimeChart;
    expect(chart.lines.map(({ label }) => label)).toEqual(["TIME_WAIT", "ESTABLISHED", "SYN_SENT"]);
    expect(stackTops(chart.lines).map((top) => top[0])).toEqual([4, 7, 9]);
  });

  it("is drawn for a gateway too, which dials, and not for a target that only answers", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    expect(chartTrial(trial, "ports-target")).toBeNull();
    expect(chartTrial({ ...trial, topology: "gateway" }, "ports-target")).not.toBeNull();
  });
});

describe("rates", () => {
  it("fall to nothing when ports run out, and what fails is what was offered", () => {
    const trial = loadTrials(TW_REUSE).find(({ variant }) => variant === "baseline") as TrialSeries;
    const chart = chartTrial(trial, "rates");
    expect(findPeak(lineOf(chart, "achieved"), chart?.tMs ?? [])?.value).toBeCloseTo(400, 0);
    expect(lineOf(chart, "achieved").values.at(-1)).toBe(0);
    expect(findPeak(lineOf(chart, "failed"), chart?.tMs ?? [])?.value).toBeCloseTo(400, 0);
    expect(lineOf(chart, "offered").values.filter((value) => value != null)).toEqual([400, 400]);
  });

  it("are those of the kernels where the generator was not sampled", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    const series = new Map([...trial.series].filter(([key]) => !key.includes("connections.")));
    const chart = chartTrial({ ...trial, series }, "rates");
    expect(chart?.lines.map(({ label }) => label)).toEqual([
      "offered",
      "SYNs sent (Tcp.ActiveOpens)",
      "accepted by the target (Tcp.PassiveOpens)",
    ]);
  });
});

describe("every chart", () => {
  it("is absent where nothing of it was sampled", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    const charts = TIME_CHART_IDS.map((id) => chartTrial({ ...trial, series: new Map() }, id));
    expect(charts).toEqual(TIME_CHART_IDS.map(() => null));
  });

  it("stands in a frame that holds everything in it and the charts beside it", () => {
    const charts = loadTrials(TW_REUSE).flatMap((trial) => chartTrial(trial, "ports-client") ?? []);
    const phases = [{ phase: "drain", fromMs: 8000, toMs: 12_000 }] as const;
    const frame = frameCharts(charts, phases);
    expect(frame).toMatchObject({ fromMs: 0, toMs: 12_000 });
    expect(frame.max).toBeGreaterThan(2048);
    expect(frame.max).toBeLessThan(2500);
  });

  it("is drawn from bins where a series has more samples than a screen has room for", () => {
    const [trial] = loadTrials(TWO_SECONDS, { sampleMs: 0.25 }) as [TrialSeries];
    const gauge = trial.series.get("client.time_wait");
    expect(gauge?.binMs).toBeGreaterThan(0.25);
    expect(gauge?.tMs.length).toBeLessThanOrEqual(4000);
    expect(chartTrial(trial, "time-wait")?.lines[0]?.high).not.toBeNull();
  });
});

it("a schedule is drawn with its corners", () => {
  const offered = (arrival: string): unknown => {
    const text = TWO_SECONDS.replace("{ model: open, rate: 100/s }", arrival);
    expect(planTrials(parseScenario(text, "s.yaml")).trials).toHaveLength(1);
    return loadTrials(text)[0]?.offered?.corners.map(({ tMs, perS }) => [Math.round(tMs), perS]);
  };
  expect(offered("{ model: open, rate: 100/s, shape: ramp, to: 300/s }")).toEqual([
    [0, 100],
    [2000, 300],
  ]);
  expect(offered("{ model: open, rate: 100/s, shape: step, to: 200/s, steps: 2 }")).toEqual([
    [0, 100],
    [1000, 100],
    [1000, 200],
    [2000, 200],
  ]);
  expect(offered("{ model: closed, connections: 5 }")).toBeUndefined();
});

describe("losses", () => {
  const growing = (total: number): SeriesColumns => ({
    tMs: [0, 200, 400],
    mean: [0, total / 2, total],
    min: null,
    max: null,
    binMs: null,
  });

  it("are drawn by errno, with the count of every one", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    const series = new Map([["client.failures.EADDRNOTAVAIL", growing(200)]]);
    const chart = chartTrial({ ...trial, series }, "losses") as TimeChart;
    expect(lineOf(chart, "EADDRNOTAVAIL").values).toEqual([500, 500]);
    expect(chart.summary).toBe("From the first to the last sample: EADDRNOTAVAIL 200.");
  });

  it("say which of them are not drawn where there are too many lines", () => {
    const [trial] = loadTrials(TWO_SECONDS) as [TrialSeries];
    const errnos = ["EPIPE", "EIO", "EOF", "ENOMEM", "EMFILE", "ENOBUFS", "EACCES", "EPERM"];
    const series = new Map(
      [...errnos, "OTHER", "UNFINISHED"].map((errno, i) => [
        `client.failures.${errno}`,
        growing(100 - i),
      ]),
    );
    const chart = chartTrial({ ...trial, series }, "losses") as TimeChart;
    expect(chart.lines.map(({ label }) => label)).toEqual(errnos);
    expect(chart.summary).toMatch(/ 2 more not drawn: OTHER 92, UNFINISHED 91\.$/);
  });
});
