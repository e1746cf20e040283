import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { completed, start, TemporaryDirectory, trialOf } from "./made-run.ts";
import { querySqlite } from "./query-sqlite.ts";

/** The names that scripts rely on. */
const VIEWS = {
  v_run: "run_id scenario started_at state seed churnlab_version kernel cpus hz fingerprint",
  v_trial:
    "run_id trial_id variant replicate block state engine started_at measure_ms warnings attempt superseded closer",
  v_measurement: "run_id trial_id variant replicate role metric value unit",
  v_failure: "run_id trial_id variant replicate phase errno count first_ms last_ms",
  v_sample: "run_id trial_id variant role metric t_ms value",
  v_event: "run_id trial_id variant role t_ms kind detail",
  v_port_budget:
    "run_id trial_id variant role t_ms source destination port used range utilisation states",
  v_listener_queue: "run_id trial_id variant role t_ms address port depth backlog syn_recv",
  v_sysctl: "run_id trial_id variant role name was requested effective",
  v_histogram: "run_id trial_id variant role metric count min p50 p90 p99 p999 max unit",
  v_comparison:
    "run_id baseline variant role metric n baseline_median variant_median effect low high p verdict",
};

describe("plain sqlite3 reads a finished run", () => {
  const directory = new TemporaryDirectory();
  const path = directory.file("runs.db");
  let runId = "";

  beforeAll(() => {
    using store = openStore(path, { mode: "write" });
    runId = store.startRun(start);
    store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
    store.saveComparisons(runId, [
      {
        baseline: "baseline",
        variant: "tw_reuse=1",
        role: "client",
        metric: "connections.rate",
        n: 2,
        baselineMedian: 256,
        variantMedian: 400,
        effect: 0.5625,
        low: 0.5,
        high: 0.625,
        p: 0.5,
        verdict: "inconclusive",
      },
    ]);
    store.finishRun(runId, "completed");
  });
  afterAll(() => directory[Symbol.dispose]());

  const ask = (sql: string) => querySqlite(path, sql);

  test.each(Object.entries(VIEWS))("%s has its columns and a row", (view, columns) => {
    const rows = ask(`SELECT * FROM ${view}`);
    expect(Object.keys(rows[0] ?? {}).join(" ")).toBe(columns);
  });

  test("the file says whose it is and which schema it has", () => {
    expect(ask("PRAGMA application_id")).toEqual([{ application_id: 0x4348524e }]);
    expect(ask("PRAGMA user_version")).toEqual([{ user_version: 1 }]);
    expect(ask("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(ask("PRAGMA foreign_key_check")).toEqual([]);
  });

  test("every table is strict", () => {
    const loose =
      "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'";
    expect(ask(loose)).toEqual([]);
  });

  test("a run tells where and when it was", () => {
    expect(ask("SELECT * FROM v_run")).toMatchObject([
      {
        run_id: runId,
        scenario: "tw-reuse",
        started_at: "2026-11-22T12:03:04.567Z",
        state: "completed",
        seed: 7,
        churnlab_version: "0.1.0",
        kernel: "6.18.44",
        cpus: 2,
        hz: 250,
      },
    ]);
  });

  test("a trial carries its warnings as JSON", () => {
    const [trial] = ask("SELECT * FROM v_trial");
    expect(trial).toMatchObject({ run_id: runId, trial_id: 0, engine: "net", closer: "client" });
    expect(JSON.parse(trial?.["warnings"] as string)).toEqual([
      { code: "W_SAMPLES_MISSED", message: "1 of 40 samples missed" },
    ]);
  });

  test("measurements have the unit of core's table of metrics", () => {
    const sql = "SELECT value, unit FROM v_measurement WHERE role = 'client' AND metric = ";
    expect(ask(`${sql}'connections.rate'`)).toEqual([{ value: 256, unit: "/s" }]);
    expect(ask(`${sql}'failures.EADDRNOTAVAIL'`)).toEqual([{ value: 1152, unit: "connections" }]);
  });

  test("failures, events and sysctls say when, where and what", () => {
    expect(ask("SELECT phase, errno, count, first_ms, last_ms FROM v_failure")).toEqual([
      { phase: "connect", errno: "EADDRNOTAVAIL", count: 1152, first_ms: 5120.25, last_ms: 7997.5 },
    ]);
    expect(ask("SELECT role, t_ms, detail ->> 'errno' AS errno FROM v_event")).toEqual([
      { role: "client", t_ms: 5120.25, errno: "EADDRNOTAVAIL" },
    ]);
    expect(ask("SELECT name, was, requested, effective FROM v_sysctl ORDER BY name")).toEqual([
      { name: "net.ipv4.tcp_timestamps", was: "1", requested: null, effective: "1" },
      { name: "net.ipv4.tcp_tw_reuse", was: "2", requested: "0", effective: "0" },
    ]);
  });

  test("a port budget is queried by tuple and time", () => {
    const sql =
      "SELECT t_ms, used, utilisation, states ->> 'TIME_WAIT' AS waiting FROM v_port_budget WHERE port = 8080";
    expect(ask(sql)).toEqual([
      { t_ms: 2560.125, used: 1024, utilisation: 0.5, waiting: 1024 },
      { t_ms: 5120.25, used: 2048, utilisation: 1, waiting: 2048 },
    ]);
  });

  test("samples keep their microseconds, also before the measure phase", () => {
    const sql = "SELECT t_ms, value FROM v_sample WHERE role = 'client' ORDER BY t_ms";
    expect(ask(sql)).toEqual([
      { t_ms: -199.875, value: 0 },
      { t_ms: 200.125, value: 80 },
    ]);
  });

  test("histograms have exact quantiles in microseconds", () => {
    const [row] = ask("SELECT metric, count, min, p50, max, unit FROM v_histogram");
    expect(row).toMatchObject({
      metric: "latency.connect",
      count: 5,
      min: 12.3,
      p50: 50,
      unit: "us",
    });
    // The upper end of a bucket stands for all its values: 3 significant digits.
    expect(Number(row?.["max"]) / 12_345.6).toBeCloseTo(1, 2);
  });
});
