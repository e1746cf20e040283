import { LatencyHistogram } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { sampleQuantiles } from "../src/latency-quantiles.ts";

function recordOf(metric: string, valuesUs: readonly number[]) {
  const histogram = new LatencyHistogram();
  for (const us of valuesUs) histogram.recordUs(us);
  return histogram.toRecord(metric);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("sampleQuantiles", () => {
  it("says nothing of a window in which nothing succeeded", () => {
    expect(sampleQuantiles([])).toEqual({});
    expect(sampleQuantiles([recordOf("connect", [])])).toEqual({});
  });

  it("leaves out a tail quantile of fewer values than would lie above it", () => {
    const names = (count: number): string[] =>
      Object.keys(sampleQuantiles([recordOf("connect", upTo(count))])).map((name) =>
        name.replace("latency.connect.", ""),
      );
    expect(names(1)).toEqual(["p50", "max"]);
    expect(names(99)).toEqual(["p50", "max"]);
    expect(names(100)).toEqual(["p50", "p99", "max"]);
    expect(names(999)).toEqual(["p50", "p99", "max"]);
    expect(names(1000)).toEqual(["p50", "p99", "p999", "max"]);
  });

  it("merges agents before it takes quantiles: they are never averaged", () => {
    const fast = recordOf("connect", Array<number>(99).fill(10));
    const slow = recordOf("connect", Array<number>(101).fill(100));
    expect(sampleQuantiles([fast, slow, recordOf("request", [7])])).toEqual({
      "latency.connect.p50": 100,
      "latency.connect.p99": 100,
      "latency.connect.max": 100,
      "latency.request.p50": 7,
      "latency.request.max": 7,
    });
  });
});
