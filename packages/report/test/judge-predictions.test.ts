import { openStore } from "@churnlab/store";
import { describe, expect, test } from "vitest";
import { renderReport } from "../src/html/render-report.ts";
import { loadReportData } from "../src/html/report-data.ts";
import {
  compareRun,
  formatAnnotations,
  formatJunit,
  formatPredictions,
  judgePredictions,
  type RunComparison,
} from "../src/index.ts";
import { tabulateGrades } from "../src/tabulate-grades.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "./fixtures/make-run.ts";
import { TW_REUSE } from "./fixtures/scenarios.ts";

type Made = RunComparison["run"];

/** A run whose range of 2048 ports shows this many connections in one trial of the variant that runs out of them. */
function makeWith(succeeded: number | null, options: MakeRunOptions = {}): Made {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  const runId = makeRun(store, TW_REUSE, {
    outcomeOf: (trial, { record }) => {
      if (trial.variant !== "baseline" || trial.block !== 3) return { state: "completed", record };
      const others = record.measurements.filter(
        ({ role, metric }) => role !== "client" || metric !== "connections.succeeded",
      );
      const changed = { role: "client", metric: "connections.succeeded" } as const;
      const measurements =
        succeeded === null ? others : [...others, { ...changed, value: succeeded }];
      return { state: "completed", record: { ...record, measurements } };
    },
    ...options,
  });
  return compareRun(store, runId).run;
}

const outcomesOf = (run: Made): Record<string, string> =>
  Object.fromEntries(
    judgePredictions(run).map(({ variant, metric, outcome }) => [`${variant} ${metric}`, outcome]),
  );

describe("a prediction of the port model", () => {
  test("that every trial keeps agrees, is a case of JUnit without failure, and needs no annotation", () => {
    const run = makeWith(2048);
    expect(new Set(Object.values(outcomesOf(run)))).toEqual(new Set(["agrees"]));
    const cases = formatJunit(run, []).match(/<testcase classname="port model"/g);
    expect(cases).toHaveLength(judgePredictions(run).length);
    expect(formatJunit(run, [])).toMatch(/<testsuites tests="\d+" failures="0"/);
    expect(formatAnnotations(run, [])).toBe("");
  });

  test("that one trial did not measure is called so in every format", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = makeRun(store, TW_REUSE, {
      outcomeOf: ({ block }, { record }) => ({
        state: "completed",
        record: {
          ...record,
          measurements: record.measurements.filter(
            ({ metric }) => block !== 3 || metric !== "connections.succeeded",
          ),
        },
      }),
    });
    const data = loadReportData(store, runId);
    expect(outcomesOf(data.run)["baseline client.connections.succeeded"]).toBe("not-measured");
    const html = renderReport(data, { script: "", style: "" }).replaceAll("\u00a0", " ");
    const row = /<tr>(?:(?!<\/tr>).)*client\.connections\.succeeded(?:(?!<\/tr>).)*<\/tr>/s;
    const section = /<section id="port-model".*?<\/section>/s.exec(html)?.[0] ?? "";
    expect(row.exec(section)?.[0]).toContain("not measured");
    const table = tabulateGrades(data.run);
    const column = table?.titles.indexOf("connections.succeeded") ?? -1;
    expect(table?.rows[0]?.[column]).toMatch(/^! /);
  });

  test("that one trial of six contradicts fails one case and has one annotation", () => {
    const run = makeWith(1024);
    const contradicted = Object.entries(outcomesOf(run)).filter(([, kind]) => kind !== "agrees");
    expect(contradicted).toEqual([["baseline client.connections.succeeded", "disagrees"]]);
    const xml = formatJunit(run, []);
    expect(xml).toMatch(/<testsuites tests="\d+" failures="1" errors="0" skipped="0">/);
    expect(xml).toMatch(
      /<testcase classname="port model" name="client.connections.succeeded 2.048">/,
    );
    expect(formatAnnotations(run, [], { file: "s.yaml" })).toMatch(
      /^::error title=tw-reuse \/ baseline%3A port model disagrees,file=s.yaml::client\.connections\.succeeded predicted 2.048: observed 1.024, outside 3 %25 in 1 of 6 trials\n$/,
    );
    expect(formatPredictions(judgePredictions(run))).toMatch(
      /^port model: \d+ of \d+ predictions hold\n.*✗ disagrees +baseline +client\.connections\.succeeded/,
    );
  });

  test("that a completed trial did not measure is skipped, and warned of", () => {
    const run = makeWith(null);
    expect(outcomesOf(run)["baseline client.connections.succeeded"]).toBe("not-measured");
    expect(formatJunit(run, [])).toMatch(/failures="0" errors="0" skipped="1">/);
    expect(formatAnnotations(run, [])).toMatch(/^::warning .*not measured in 1 of 6 trials\n$/);
  });

  test("of a variant without a completed trial is not measured, which its trials say themselves", () => {
    const run = makeWith(2048, {
      outcomeOf: (_, { record }) => ({ state: "invalid", reason: "too busy", record }),
    });
    expect(new Set(Object.values(outcomesOf(run)))).toEqual(new Set(["not-measured"]));
    expect(formatAnnotations(run, [])).not.toContain("port model");
  });
});
