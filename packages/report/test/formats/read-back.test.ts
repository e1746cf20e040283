import { bucketUpperUs, formatNumber, type HistogramRecord } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { querySqlite } from "../../../store/test/query-sqlite.ts";
import {
  compareRun,
  formatAnnotations,
  formatBenchmark,
  formatComparison,
  formatComparisonCsv,
  formatComparisonJson,
  formatHgrm,
  formatJunit,
  formatMarkdown,
  formatNdjson,
  formatOpenMetrics,
  formatRunCsv,
  formatRunJson,
  formatRunSummary,
  formatValue,
  judgeRun,
  type NdjsonTrialParts,
  type ResultDocument,
  type RunComparison,
} from "../../src/index.ts";
import { makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";

type Row = Record<string, unknown>;

interface PercentileLine {
  readonly us: number;
  readonly share: number;
  readonly count: number;
  /** 1/(1 − share); absent in the last line. */
  readonly odds?: number;
}

/** Trials of the run that took two attempts. */
const REPEATED: readonly number[] = [2, 3, 7];

/** Numbers by what they are numbers of, so that two sources can be held against each other. */
type Numbers = Record<string, number>;

describe("every format has the numbers that SQL has", () => {
  const directory = new TemporaryDirectory();
  const path = directory.file("runs.db");
  const ask = (sql: string): Row[] => querySqlite(path, sql);
  let comparison: RunComparison;
  let measurements: Numbers;

  beforeAll(() => {
    using store = openStore(path, { mode: "write" });
    const runId = makeRun(store, TW_REUSE.replace("replicates: 6", "replicates: 12"), {
      repeated: REPEATED,
    });
    comparison = compareRun(store, runId);
    store.close();
    measurements = Object.fromEntries(
      ask("SELECT trial_id, role, metric, value FROM v_measurement").map((row) => [
        keyOf(row),
        row["value"] as number,
      ]),
    );
  });
  afterAll(() => directory[Symbol.dispose]());

  function keyOf(row: Row): string {
    return `${String(row["trial_id"])} ${String(row["role"])}.${String(row["metric"])}`;
  }

  /** SQL's own median of a metric over the trials of a variant. An errno that did not occur has no row. */
  function medianOf(variant: string, name: string): number {
    const dot = name.indexOf(".");
    const values = ask(
      `SELECT value FROM v_measurement WHERE variant = '${variant}' AND role = '${name.slice(0, dot)}'
       AND metric = '${name.slice(dot + 1)}' ORDER BY value`,
    ).map(({ value }) => value as number);
    if (values.length === 0 && name.includes(".failures.")) return 0;
    const middle = values.length / 2;
    const [low, high] = [values.at(Math.ceil(middle) - 1), values.at(Math.floor(middle))];
    return ((low as number) + (high as number)) / 2;
  }

  test("JSON", () => {
    const { run } = JSON.parse(formatRunJson(comparison.run)) as ResultDocument;
    const found = run.trials.flatMap((trial) =>
      Object.entries(trial.measurements).map(([name, value]) => [`${trial.id} ${name}`, value]),
    );
    expect(Object.fromEntries(found)).toEqual(measurements);
    const units = ask("SELECT DISTINCT metric, unit FROM v_measurement");
    expect(Object.entries(run.metrics).map(([metric, { unit }]) => ({ metric, unit }))).toEqual(
      expect.arrayContaining(units),
    );
    expect(run.trials.flatMap(({ failures }) => failures)).toHaveLength(
      ask("SELECT * FROM v_failure").length,
    );
  });

  test("JSON of a comparison", () => {
    const { comparisons } = JSON.parse(formatComparisonJson(comparison)) as ResultDocument;
    const found = comparisons?.flatMap(({ baseline, variant, metrics }) =>
      metrics.map((m) => ({
        run_id: comparison.run.runId,
        baseline,
        variant,
        role: m.role,
        metric: m.metric,
        n: m.n,
        baseline_median: m.baselineMedian,
        variant_median: m.variantMedian,
        effect: m.effect,
        low: m.low,
        high: m.high,
        p: m.p,
        verdict: m.verdict,
      })),
    );
    const view = ask("SELECT * FROM v_comparison");
    expect(found).toHaveLength(view.length);
    expect(found).toEqual(expect.arrayContaining(view));
  });

  test("CSV", () => {
    const rows = parseCsv(formatRunCsv(comparison.run));
    const found = rows.map((row) => [keyOf(row), Number(row["value"])]);
    expect(found).toHaveLength(Object.keys(measurements).length);
    expect(Object.fromEntries(found)).toEqual(measurements);
    expect(
      attemptsOf(rows.map((row) => [Number(row["trial_id"]), Number(row["attempt"])])),
    ).toEqual(attemptsInSql());
  });

  /** The attempt that counts of each trial. */
  function attemptsInSql(): Numbers {
    const rows = ask("SELECT trial_id, attempt FROM v_trial WHERE superseded = 0");
    const attempts = attemptsOf(
      rows.map((row) => [row["trial_id"] as number, row["attempt"] as number]),
    );
    expect(REPEATED.map((trial) => attempts[trial])).toEqual([2, 2, 2]);
    return attempts;
  }

  function attemptsOf(rows: readonly (readonly [trial: number, attempt: number])[]): Numbers {
    return Object.fromEntries(new Map(rows));
  }

  test("CSV of a comparison", () => {
    const rows = parseCsv(formatComparisonCsv(comparison));
    const view = ask("SELECT * FROM v_comparison");
    expect(rows).toHaveLength(view.length);
    for (const expected of view) {
      const row = rows.find(
        (r) => r["role"] === expected["role"] && r["metric"] === expected["metric"],
      );
      const texts = Object.entries(expected).map(([key, value]) => [
        key,
        value === null ? "" : `${value as string | number}`,
      ]);
      expect(row).toMatchObject(Object.fromEntries(texts));
    }
    const [repeated] = ask(
      "SELECT count(*) AS n FROM v_trial WHERE superseded = 0 AND attempt > 1",
    );
    expect(new Set(rows.map((row) => row["repeated_trials"]))).toEqual(
      new Set([String(repeated?.["n"])]),
    );
  });

  test("NDJSON", () => {
    using store = openStore(path, { mode: "read" });
    const { runId } = comparison.run;
    const partsOf = (trialId: number): NdjsonTrialParts => {
      const filter = { trialId };
      return {
        samples: store.loadSamples(runId, filter),
        events: store.loadEvents(runId, filter),
      };
    };
    const gates = judgeRun(comparison.run);
    const lines = [...formatNdjson(comparison, { gates, partsOf })].map(
      (line) => JSON.parse(line) as Row,
    );
    const ofType = (type: string): Row[] => lines.filter((line) => line["type"] === type);
    const found = ofType("measurement").map((row) => [keyOf(row), row["value"]]);
    expect(Object.fromEntries(found)).toEqual(measurements);
    for (const [type, view] of [
      ["sample", "SELECT trial_id, role, metric, t_ms, value FROM v_sample"],
      ["failure", "SELECT trial_id, phase, errno, count, first_ms, last_ms FROM v_failure"],
      ["event", "SELECT trial_id, role, t_ms, kind FROM v_event"],
      ["comparison", "SELECT * FROM v_comparison"],
    ] as const) {
      const rows = ask(view);
      const columns = Object.keys(rows[0] ?? {});
      const lined = ofType(type).map((line) => JSON.stringify(columns.map((c) => line[c])));
      const viewed = rows.map((row) => JSON.stringify(columns.map((c) => row[c])));
      expect(lined.toSorted()).toEqual(viewed.toSorted());
    }
    expect(ofType("gate").map(({ outcome }) => outcome)).toEqual(
      gates.map(({ outcome }) => outcome),
    );
    expect(lines.at(0)).toMatchObject({ type: "run", planned_trials: 24 });
    expect(lines.at(-1)).toMatchObject({ type: "end", state: "completed" });
  });

  test("OpenMetrics", () => {
    const text = formatOpenMetrics(comparison.run);
    expect(text.endsWith("\n# EOF\n")).toBe(true);
    const points = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(points).toHaveLength(Object.keys(measurements).length);
    const valuesOf = (pairs: readonly (readonly [trial: string, value: number])[]): string[] =>
      pairs.map(([trial, value]) => `${trial} ${value}`).toSorted();
    expect(
      valuesOf(
        points.map((line) => [
          /trial_id="(\d+)"/.exec(line)?.[1] ?? "",
          Number(line.split("} ")[1]?.split(" ")[0]),
        ]),
      ),
    ).toEqual(
      valuesOf(
        Object.entries(measurements).map(([key, value]) => [key.split(" ")[0] as string, value]),
      ),
    );
    const found = points.filter((line) => line.startsWith("churnlab_connections_rate_per_second{"));
    const rates = found.map((line) => {
      const [, trial] = /trial_id="(\d+)"/.exec(line) ?? [];
      return [`${trial} client.connections.rate`, Number(line.split("} ")[1]?.split(" ")[0])];
    });
    expect(measurements).toMatchObject(Object.fromEntries(rates));
    expect(rates).toHaveLength(24);
    const labelOf = (line: string, label: string): number =>
      Number(new RegExp(`${label}="(\\d+)"`).exec(line)?.[1]);
    expect(
      attemptsOf(points.map((line) => [labelOf(line, "trial_id"), labelOf(line, "attempt")])),
    ).toEqual(attemptsInSql());
    expect(text).toContain("churnlab_latency_p99_microseconds{run_id=");
    expect(text).toMatch(/churnlab_failures\{.*name="EADDRNOTAVAIL"\} 1152 \d+\.\d{3}\n/);
  });

  test("benchmark JSON", () => {
    for (const direction of ["smaller", "bigger"] as const) {
      const entries = JSON.parse(formatBenchmark(comparison.run, direction)) as {
        name: string;
        value: number;
        range: string;
      }[];
      expect(entries.length).toBeGreaterThan(0);
      for (const { name, value, range } of entries) {
        const [, variant, metric] = name.split(" / ") as [string, string, string];
        expect(value).toBe(medianOf(variant, metric));
        const [least, most] = range.split(" … ").map(Number) as [number, number];
        expect(least <= value && value <= most).toBe(true);
      }
    }
  });

  test("benchmark JSON has a zero that was measured, so that a trend does not lose its series", () => {
    const entries = JSON.parse(formatBenchmark(comparison.run, "smaller")) as {
      name: string;
      value: number;
    }[];
    const zeros = ask(
      `SELECT variant, role || '.' || metric AS name FROM v_measurement
       WHERE metric IN ('connections.failed', 'rst.sent', 'tcpext.ListenOverflows', 'failures.EADDRNOTAVAIL')
       GROUP BY variant, role, metric HAVING max(value) = 0`,
    );
    expect(zeros.length).toBeGreaterThan(0);
    for (const { variant, name } of zeros) {
      expect(entries).toContainEqual(
        expect.objectContaining({
          name: `${comparison.run.scenario} / ${String(variant)} / ${String(name)}`,
          value: 0,
        }),
      );
    }
    // An errno that only the baseline has is zero with the other variant, and no row says so.
    const errno = entries.filter(({ name }) => name.endsWith("client.failures.EADDRNOTAVAIL"));
    expect(errno.map(({ value }) => value > 0)).toEqual([true, false]);
  });

  test(".hgrm", () => {
    using store = openStore(path, { mode: "read" });
    for (const histogram of store.loadHistograms(comparison.run.runId)) {
      const text = formatHgrm(histogram);
      const [, count] = /Total count\s*=\s*(\d+)\]/.exec(text) ?? [];
      const [, max] = /\[Max\s*=\s*([\d.]+)/.exec(text) ?? [];
      const [row] = ask(
        `SELECT sum(count) AS count, max(max) AS max FROM v_histogram
         WHERE variant = '${histogram.variant}' AND metric = 'latency.${histogram.metric}'`,
      );
      expect(Number(count)).toBe(row?.["count"]);
      expect(Number(max)).toBeCloseTo(row?.["max"] as number, 0);
      expectPercentiles(readPercentiles(text), histogram);
    }
  });

  /** The lines of a percentile distribution: value, share, count up to it, and 1/(1 − share) but in the last one. */
  function readPercentiles(text: string): PercentileLine[] {
    const lines = text.split("\n").filter((line) => /^\s+\d/.test(line));
    return lines.map((line) => {
      const [us, share, count, odds] = line.trim().split(/\s+/).map(Number);
      return { us, share, count, odds } as PercentileLine;
    });
  }

  /** Each line is held against counts that are added up here, of the buckets that the database has. */
  function expectPercentiles(
    lines: readonly PercentileLine[],
    { indexes, counts }: Pick<HistogramRecord, "indexes" | "counts">,
  ): void {
    let total = 0;
    const upTo = Array.from(indexes, (bucket, i) => {
      total += counts[i] as number;
      return { us: bucketUpperUs(bucket), count: total };
    });
    for (const { us, share, count } of lines) {
      const reached = upTo.find((point) => point.count === count);
      expect(us).toBeCloseTo(reached?.us as number, 2);
      // The least value that so many connections were not slower than.
      const before = upTo.findLast((point) => point.count < count)?.count ?? 0;
      expect(before / total).toBeLessThan(share + 1e-9);
      expect(count / total).toBeGreaterThanOrEqual(share - 1e-9);
    }
    const withOdds = lines.flatMap(({ share, odds }) =>
      odds === undefined ? [] : [{ share, odds }],
    );
    expect(withOdds).toHaveLength(lines.filter(({ share }) => share < 1).length);
    for (const { share, odds } of withOdds) expect(odds).toBeCloseTo(1 / (1 - share), 2);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.map(({ share }) => share)).toEqual(
      lines.map(({ share }) => share).toSorted((a, b) => a - b),
    );
    expect(lines.at(-1)).toMatchObject({ share: 1, count: total });
  }

  test("the text and the Markdown of a comparison, and the summary", () => {
    const names = [
      "client.connections.succeeded",
      "client.connections.rate",
      "client.failures.EADDRNOTAVAIL",
      "client.time_wait.peak",
      "client.latency.connect.p50",
      "client.latency.connect.p99",
    ];
    const texts = [
      formatComparison(comparison),
      formatComparison(comparison, { all: true }),
      formatRunSummary(comparison.run),
      formatMarkdown(comparison),
    ];
    for (const name of names) {
      const unit = ask(`SELECT unit FROM v_measurement WHERE role || '.' || metric = '${name}'`)[0];
      const shown = ["baseline", "tw_reuse=1"].map((variant) =>
        formatValue(medianOf(variant, name), unit?.["unit"] as string),
      );
      for (const text of texts) {
        const lines = text.split("\n").filter((l) => new RegExp(`^\\W*${name}\\W`).test(l));
        const [left = "", right = ""] = shown;
        expect(lines).toContainEqual(expect.stringContaining(left));
        const rest = lines.map((line) => line.slice(line.indexOf(left) + left.length));
        expect(rest).toContainEqual(expect.stringContaining(right));
      }
    }
  });

  test("JUnit has a case for each gate and the number that breaks it", () => {
    const xml = formatJunit(comparison.run, judgeRun(comparison.run));
    const [worst] = ask(
      "SELECT max(value) AS worst FROM v_measurement WHERE metric = 'failures.EADDRNOTAVAIL'",
    );
    expect(xml).toContain(
      `<failure message="${formatNumber(Number(worst?.["worst"]))}, must be at most 0`,
    );
    expect(xml.match(/<testcase classname="gate"/g)).toHaveLength(3);
  });

  test("annotations have the number that breaks a gate", () => {
    const [worst] = ask(
      "SELECT max(value) AS worst FROM v_measurement WHERE metric = 'failures.EADDRNOTAVAIL'",
    );
    const lines = formatAnnotations(comparison.run, judgeRun(comparison.run)).trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("::error "))).toEqual([
      expect.stringContaining(
        `::client.failures.EADDRNOTAVAIL ≤ 0: ${formatNumber(Number(worst?.["worst"]))}, must be at most 0`,
      ),
    ]);
  });
});

/** Enough for what is written here: no field of these has a quote or a line break. */
function parseCsv(text: string): Row[] {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const columns = head.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]]));
  });
}
