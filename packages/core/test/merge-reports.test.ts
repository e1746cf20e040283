import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ShardReport } from "../src/agent.ts";
import { countHistogram, LatencyHistogram } from "../src/latency-histogram.ts";
import { mergeReports } from "../src/merge-reports.ts";
import { EMPTY_TALLY } from "../src/tally.ts";

function histogram(metric: string, values: readonly number[]) {
  const counted = new LatencyHistogram();
  for (const value of values) counted.recordUs(value);
  return counted.toRecord(metric);
}

const report: fc.Arbitrary<ShardReport> = fc
  .record({
    agent: fc.constantFrom("a", "b", "c"),
    engine: fc.constantFrom("ring", "net"),
    succeeded: fc.nat(1000),
    failed: fc.nat(1000),
    connect: fc.array(fc.nat(1000), { maxLength: 20 }),
    total: fc.option(fc.array(fc.nat(1000), { maxLength: 20 })),
    cpuUs: fc.nat(1_000_000),
    cpuShareMax: fc.double({ min: 0, max: 1, noNaN: true }),
    elapsedMs: fc.nat(10_000),
  })
  .map(({ agent, engine, succeeded, failed, connect, total, ...rest }) => ({
    ...rest,
    agent,
    engine,
    engineReason: `${engine} works`,
    tally: {
      ...EMPTY_TALLY,
      connections: {
        intended: succeeded + failed,
        attempted: succeeded + failed,
        established: succeeded,
        succeeded,
        failed,
        dropped: 0,
      },
    },
    warmUp: EMPTY_TALLY,
    failures:
      failed === 0
        ? []
        : [
            {
              step: "connect" as const,
              errno: "ETIMEDOUT" as const,
              count: failed,
              firstMs: 1,
              lastMs: 2,
            },
          ],
    histograms: [
      histogram("connect", connect),
      ...(total === null ? [] : [histogram("total", total)]),
    ],
    events: [{ role: "client" as const, tMs: 1, kind: "mark", detail: {} }],
    warnings: [],
  }));

test("what one report does not know, all together do not", () => {
  fc.assert(
    fc.property(report, report, (known, other) => {
      const merged = mergeReports([known, { ...other, cpuUs: null, cpuShareMax: null }]);
      expect(merged).toMatchObject({ cpuUs: null, cpuShareMax: null });
    }),
  );
});

const reports = fc.array(report, { minLength: 1, maxLength: 6 });
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

test("counts, failures, buckets and CPU time add up; extremes are kept", () => {
  fc.assert(
    fc.property(reports, (parts) => {
      const merged = mergeReports(parts);
      expect(merged.tally.connections.failed).toBe(
        sum(parts.map((p) => p.tally.connections.failed)),
      );
      expect(sum(merged.failures.map(({ count }) => count))).toBe(merged.tally.connections.failed);
      expect(merged.cpuUs).toBe(sum(parts.map(({ cpuUs }) => cpuUs as number)));
      expect(merged.cpuShareMax).toBe(
        Math.max(...parts.map(({ cpuShareMax }) => cpuShareMax as number)),
      );
      expect(merged.elapsedMs).toBe(Math.max(...parts.map(({ elapsedMs }) => elapsedMs)));
      expect(merged.events).toHaveLength(parts.length);
      const countOf = (metric: string, all: ShardReport) =>
        sum(all.histograms.filter((h) => h.metric === metric).map(countHistogram));
      for (const metric of ["connect", "total"]) {
        expect(countOf(metric, merged)).toBe(sum(parts.map((part) => countOf(metric, part))));
      }
      expect(new Set(merged.histograms.map(({ metric }) => metric)).size).toBe(
        merged.histograms.length,
      );
    }),
  );
});

test("merging in two steps is merging at once, but for the order of names", () => {
  fc.assert(
    fc.property(reports, reports, (left, right) => {
      const atOnce = mergeReports([...left, ...right]);
      const inSteps = mergeReports([mergeReports(left), mergeReports(right)]);
      expect(inSteps.tally).toEqual(atOnce.tally);
      expect(inSteps.failures).toEqual(atOnce.failures);
      expect(inSteps.histograms.toSorted((a, b) => a.metric.localeCompare(b.metric))).toEqual(
        atOnce.histograms.toSorted((a, b) => a.metric.localeCompare(b.metric)),
      );
    }),
  );
});

test("every engine and its reason is named once", () => {
  fc.assert(
    fc.property(reports, (parts) => {
      const { engine, engineReason } = mergeReports(parts);
      expect(engine.split(",").toSorted()).toEqual(
        [...new Set(parts.map((p) => p.engine))].toSorted(),
      );
      expect(engineReason.split("; ")).toHaveLength(engine.split(",").length);
    }),
  );
});

test("of no shard is a mistake of the caller", () => {
  expect(() => mergeReports([])).toThrow(/at least one shard/);
});

test("joins doubts, and adds up throughputs where every agent knows its own", () => {
  const [one] = fc.sample(report, 1) as [ShardReport];
  const warnings = [{ code: "W_ENGINE_FALLBACK", message: "slow" }] as const;
  const throughput = { connectionsPerS: 2, requestsPerS: 4 };
  const known = { ...one, warnings, throughput };
  expect(mergeReports([one, known]).warnings).toEqual(warnings);
  expect(mergeReports([known, known]).throughput).toEqual({ connectionsPerS: 4, requestsPerS: 8 });
  expect(mergeReports([one, known]).throughput).toBeUndefined();
});
