import { openStore, type Store } from "@churnlab/store";
import { describe, expect, test } from "vitest";
import { querySqlite } from "../../store/test/query-sqlite.ts";
import { compareRun, formatComparisonCsv, isDecided, type RunComparison } from "../src/index.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "./fixtures/make-run.ts";
import { TW_REUSE as LONG } from "./fixtures/scenarios.ts";

/** The same in half of the time: 1024 ports last for 2.56 of 4 seconds. */
const TW_REUSE = LONG.replace("measure: 8s", "measure: 4s").replace("30000 32047", "30000 31023");
const TWELVE_BLOCKS = TW_REUSE.replace("replicates: 6", "replicates: 12");

/** Runs `check` on a store with one run of the scenario. */
function withRun(
  text: string,
  check: (store: Store, runId: string) => void,
  options?: MakeRunOptions,
): void {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  check(store, makeRun(store, text, options));
}

/** A change to the facts of every trial's environment. */
function withFacts(change: Readonly<Record<string, string>>): MakeRunOptions {
  return {
    outcomeOf: (_, { record }) => {
      const facts = { ...record.environment?.facts, ...change };
      return { state: "completed", record: { ...record, environment: { facts } } };
    },
  };
}

function verdictsOf({ variants }: RunComparison): Map<string, string | undefined> {
  return new Map(
    variants.flatMap(({ metrics }) =>
      metrics.map(({ comparison, verdict }) => [
        `${comparison.role}.${comparison.metric}`,
        verdict?.kind,
      ]),
    ),
  );
}

describe("the variants of one run", () => {
  test("differ where the port model says so, and nowhere else", () => {
    withRun(TWELVE_BLOCKS, (store, runId) => {
      const comparison = compareRun(store, runId);
      const verdicts = verdictsOf(comparison);
      expect(verdicts.get("client.connections.rate")).toBe("better");
      expect(verdicts.get("client.failures.EADDRNOTAVAIL")).toBe("better");
      expect(verdicts.get("client.latency.connect.p50")).toBe("better");
      expect(verdicts.get("client.latency.request.p50")).toBe("no-difference");
      expect([...verdicts.values()]).not.toContain("worse");
    });
  });

  test("are held against the variant that is asked for", () => {
    withRun(TWELVE_BLOCKS, (store, runId) => {
      const [pair, ...others] = compareRun(store, runId, { baseline: "tw_reuse=1" }).variants;
      expect(others).toEqual([]);
      expect(pair).toMatchObject({ baseline: "tw_reuse=1", candidate: "baseline" });
      expect(() => compareRun(store, runId, { baseline: "tw_reuse" })).toThrow(
        expect.objectContaining({ code: "E_USAGE", hint: "Did you mean tw_reuse=1?" }),
      );
    });
  });

  test("have no verdict with fewer blocks than an interval needs", () => {
    withRun(TW_REUSE.replace("replicates: 6", "replicates: 1"), (store, runId) => {
      const comparison = compareRun(store, runId);
      expect(new Set(verdictsOf(comparison).values())).toEqual(new Set(["inconclusive"]));
      expect(isDecided(comparison)).toBe(false);
    });
  });

  test("have nothing to compare when every trial of one is invalid", () => {
    const options: MakeRunOptions = {
      outcomeOf: (trial, { record }) =>
        trial.variant === "baseline"
          ? { state: "completed", record }
          : { state: "invalid", record, reason: "the generator was late" },
    };
    withRun(
      TW_REUSE,
      (store, runId) => {
        const comparison = compareRun(store, runId);
        expect(new Set(verdictsOf(comparison).values())).toEqual(new Set(["invalid"]));
      },
      options,
    );
  });

  test("can be compared by single metrics, with a near miss suggested", () => {
    withRun(TW_REUSE, (store, runId) => {
      const metrics = ["client.time_wait.peak", "client.connections.rate"];
      const { rows } = compareRun(store, runId, { metrics });
      expect(rows.map(({ role, metric }) => `${role}.${metric}`)).toEqual(metrics);
      expect(() => compareRun(store, runId, { metrics: ["client.timewait.peak"] })).toThrow(
        expect.objectContaining({
          code: "E_METRIC_UNKNOWN",
          hint: "Did you mean client.time_wait.peak?",
        }),
      );
    });
  });

  test("by single metrics are judged as one family, whichever metrics these are", () => {
    withRun(TWELVE_BLOCKS, (store, runId) => {
      const rate = "client.connections.rate";
      const verdictOf = (metrics: readonly string[]) =>
        compareRun(store, runId, { metrics }).variants[0]?.metrics[0]?.verdict?.adjustedP;
      const alone = verdictOf([rate]) ?? Number.NaN;
      expect(verdictOf([rate, "client.latency.connect.p90"])).toBeCloseTo(2 * alone, 12);
    });
  });

  test("are stored as the view of comparisons shows them", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    const store = openStore(path, { mode: "write" });
    const { rows } = compareRun(store, makeRun(store, TWELVE_BLOCKS));
    store.close();
    const view = querySqlite(path, "SELECT * FROM v_comparison");
    expect(view).toHaveLength(rows.length);
    const rate = rows.find(({ metric }) => metric === "connections.rate");
    expect(view.find(({ metric }) => metric === "connections.rate")).toMatchObject({
      baseline: "baseline",
      variant: "tw_reuse=1",
      n: 12,
      baseline_median: 256,
      variant_median: 400,
      effect: rate?.effect,
      low: rate?.low,
      high: rate?.high,
      p: rate?.p,
      verdict: "better",
    });
  });
});

describe("two runs", () => {
  /** B against A, which had other facts. */
  function compareTwo(
    change: Readonly<Record<string, string>>,
    allowDifferences: readonly string[] = [],
  ): RunComparison {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const before = makeRun(store, TW_REUSE, withFacts(change));
    const after = makeRun(store, TW_REUSE);
    return compareRun(store, after, { against: store.loadRun(before), allowDifferences });
  }

  test("that are the same claim no difference in any metric", () => {
    withRun(TWELVE_BLOCKS, (store, runId) => {
      const verdicts = verdictsOf(compareRun(store, runId, { against: store.loadRun(runId) }));
      expect(new Set(verdicts.values())).toEqual(new Set(["inconclusive", "no-difference"]));
    });
  });

  test.each([
    ["the kernel", { "kernel.release": "6.1.0" }],
    ["the number of processors", { "cpu.count": "4" }],
    ["a sysctl that the scenario does not set", { "client.net.ipv4.tcp_timestamps": "0" }],
  ])("that differ in %s have numbers and no verdict", (_, change) => {
    const compared = compareTwo(change);
    const [key] = Object.keys(change);
    for (const { fingerprint, metrics } of compared.variants) {
      expect(fingerprint.comparable).toBe(false);
      expect(fingerprint.differences.map((difference) => difference.key)).toEqual([key]);
      expect(metrics.every(({ verdict }) => verdict === null)).toBe(true);
      expect(metrics.every(({ comparison }) => comparison.baselineMedian !== null)).toBe(true);
    }
    expect(compared.rows.every(({ verdict }) => verdict === "not-comparable")).toBe(true);
    const [head, ...rows] = formatComparisonCsv(compared).trimEnd().split("\n");
    expect(head).toMatch(/,verdict,unit,repeated_trials,not_comparable$/);
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) expect(row).toMatch(new RegExp(`,not-comparable,[^,]*,0,${key}$`));
    expect(isDecided(compared)).toBe(false);
  });

  test("are judged when a person accepts the difference", () => {
    const { variants } = compareTwo({ "kernel.release": "6.1.0" }, ["kernel"]);
    expect(variants.every(({ fingerprint }) => fingerprint.comparable)).toBe(true);
    expect(variants[0]?.fingerprint.differences[0]?.excuse).toBe("allowed");
  });

  test.each([
    ["that variants differ in", "client.net.ipv4.tcp_tw_reuse"],
    ["that all variants pin", "client.net.ipv4.ip_local_port_range"],
  ])("of other values of a sysctl %s are not judged, as no variant is what it was", (_, key) => {
    const { variants } = compareTwo({ [key]: "1" });
    for (const { fingerprint } of variants) {
      expect(fingerprint).toMatchObject({
        comparable: false,
        differences: [{ key, excuse: null }],
      });
    }
  });

  test("of scenarios that ask for different load are not judged", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const before = makeRun(store, TW_REUSE);
    const after = makeRun(store, TW_REUSE.replace("400/s", "300/s"));
    const { variants } = compareRun(store, after, { against: store.loadRun(before) });
    expect(variants[0]?.fingerprint).toMatchObject({
      comparable: false,
      differences: [
        { key: "scenario.workload.arrival.ratePerS", baseline: "400", candidate: "300" },
      ],
    });
  });

  test("without a variant of the same name are refused", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const before = makeRun(store, TW_REUSE);
    const renamed = TW_REUSE.replaceAll("tw_reuse=1", "b").replaceAll(
      /(name|variant): baseline/g,
      "$1: a",
    );
    const after = makeRun(store, renamed);
    expect(() => compareRun(store, after, { against: store.loadRun(before) })).toThrow(
      expect.objectContaining({ code: "E_NOT_COMPARABLE" }),
    );
  });
});
