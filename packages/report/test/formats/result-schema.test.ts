import { readFileSync } from "node:fs";
import type { GateResult } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import {
  compareRun,
  formatComparisonJson,
  formatRunJson,
  formatShownJson,
  judgeRun,
  readResult,
} from "../../src/index.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../../../schema/result.schema.json", import.meta.url), "utf8"),
) as object;

const ajv = new Ajv({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  formats: { "date-time": isIsoTime },
});
const validate = ajv.compile(schema);

function isIsoTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** Trials that ended in every way there is. */
const everyEnd: MakeRunOptions = {
  outcomeOf: (trial, { record }) => {
    const warnings = [{ code: "W_GENERATOR_LATE", message: "late" }] as const;
    switch (trial.id % 4) {
      case 0:
        return { state: "invalid", record: { ...record, warnings }, reason: "late" };
      case 1:
        return { state: "failed", record, phase: "prepare", code: "E_TARGET", message: "gone" };
      case 2:
        return { state: "aborted", record: { ...record, environment: null }, phase: "measure" };
      default:
        return { state: "completed", record };
    }
  },
};

describe("the schema of results", () => {
  test("takes what is printed", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const whole = makeRun(store, TW_REUSE);
    const broken = makeRun(store, TW_REUSE, everyEnd);
    const running = makeRun(store, TW_REUSE, { runningAfter: 2 });
    for (const runId of [whole, broken, running]) {
      const run = store.loadRun(runId);
      const gates = judgeRun(run);
      const against = store.loadRun(whole);
      for (const text of [
        formatRunJson(run),
        formatRunJson(run, gates),
        formatShownJson(run, store.loadPeaks(runId)),
        formatComparisonJson(compareRun(store, runId), gates),
        formatComparisonJson(compareRun(store, runId, { against }), gates),
      ]) {
        validate(JSON.parse(text));
        expect(validate.errors).toBeNull();
      }
    }
  });

  test("refuses a field that it does not know, and a missing one", () => {
    expect(validate({ schemaVersion: 1, run: {}, other: 1 })).toBe(false);
    const problems = validate.errors?.map(({ keyword }) => keyword);
    expect(problems).toEqual(expect.arrayContaining(["additionalProperties", "required"]));
  });
});

describe("an exported run as a baseline", () => {
  /** The outcomes of the gates against a baseline that went through a file, by metric. */
  function judgeAgainst(options: MakeRunOptions, text?: string): Record<string, string> {
    const results = judgeBy(options, { text });
    return Object.fromEntries(
      results.map(({ gate, variant, outcome }) => [`${variant} ${gate.metric}`, outcome]),
    );
  }

  /** The gates of a run of `TW_REUSE` against a baseline of `text`, which went through a file unless it is `stored`. */
  function judgeBy(
    options: MakeRunOptions,
    by: { text?: string | undefined; stored?: boolean; allow?: readonly string[] },
  ): readonly GateResult[] {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const baseline = store.loadRun(makeRun(store, by.text ?? TW_REUSE, options));
    const run = store.loadRun(makeRun(store, TW_REUSE));
    const exported = readResult(formatRunJson(baseline), "baseline.json");
    return judgeRun(run, by.stored === true ? baseline : exported, by.allow);
  }

  test("is judged as the run itself is", () => {
    expect(judgeAgainst({})).toMatchObject({
      "baseline client.latency.connect.p99": "pass",
      "tw_reuse=1 client.latency.connect.p99": "pass",
    });
  });

  const SLOW = TW_REUSE.replace("rate: 400/s", "rate: 100/s").replace("measure: 8s", "measure: 2s");

  test.each([
    ["a file", false],
    ["a stored run", true],
  ])("of another workload is refused for every metric, from %s", (_, stored) => {
    const refused = judgeBy({}, { text: SLOW, stored }).filter(
      ({ gate }) => gate.bound.kind === "against",
    );
    expect(refused).toHaveLength(2);
    for (const { outcome, reason, evidence } of refused) {
      expect(outcome).toBe("invalid");
      expect(evidence).toEqual({ kind: "none", cause: "not-comparable" });
      expect(reason).toBe(
        "the baseline is not of the same scenario and environment (phases.measureMs, workload.arrival.ratePerS)",
      );
    }
    const allow = ["scenario.phases", "scenario.workload.arrival"];
    const allowed = judgeBy({}, { text: SLOW, stored, allow });
    expect(allowed.map(({ outcome }) => outcome)).not.toContain("invalid");
  });

  test("that does not say what its variants were asked to do is refused", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const document = JSON.parse(formatRunJson(store.loadRun(makeRun(store, TW_REUSE)))) as {
      run: { variants: { scenario?: object }[] };
    };
    delete document.run.variants[1]?.scenario;
    expect(() => readResult(JSON.stringify(document), "old.json")).toThrow(
      expect.objectContaining({
        code: "E_BASELINE",
        message: expect.stringContaining("what variant tw_reuse=1 was asked to do") as unknown,
      }),
    );
  });

  test("from another environment is refused for what depends on speed", () => {
    const otherKernel: MakeRunOptions = {
      outcomeOf: (_, { record }) => {
        const facts = { ...record.environment?.facts, "kernel.release": "6.1.0" };
        return { state: "completed", record: { ...record, environment: { facts } } };
      },
    };
    expect(judgeAgainst(otherKernel)).toMatchObject({
      "baseline client.latency.connect.p99": "invalid",
    });
  });

  test("without the metric makes the gate invalid", () => {
    const withoutConnect: MakeRunOptions = {
      outcomeOf: (_, { record }) => {
        const measurements = record.measurements.filter(
          ({ metric }) => metric !== "latency.connect.p99",
        );
        return { state: "completed", record: { ...record, measurements } };
      },
    };
    expect(judgeAgainst(withoutConnect)).toMatchObject({
      "baseline client.latency.connect.p99": "invalid",
    });
  });

  test.each([
    ["no JSON", "not { json"],
    ["something else", "{}"],
    ["a number as text", '{"schemaVersion": "1"}'],
    ["a newer version", '{"schemaVersion": 2, "run": {"variants": [], "trials": []}}'],
  ])("with %s is refused", (_, text) => {
    expect(() => readResult(text, "baseline.json")).toThrow(
      expect.objectContaining({
        code: "E_BASELINE",
        message: expect.stringMatching(/^baseline\.json: /) as unknown,
      }),
    );
  });
});
