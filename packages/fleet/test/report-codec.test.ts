import { EMPTY_TALLY, type ShardReport } from "@churnlab/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinReport, splitReport } from "../src/report-codec.ts";

function reportOf(counts: readonly number[], message: string): ShardReport {
  const attempted = counts.length;
  const tally = { ...EMPTY_TALLY, connections: { ...EMPTY_TALLY.connections, attempted } };
  const indexes = Uint32Array.from(counts.keys());
  return {
    agent: "a1",
    engine: "ring",
    engineReason: "",
    tally,
    warmUp: EMPTY_TALLY,
    failures: [],
    histograms: [{ metric: "connect", indexes, counts: Uint32Array.from(counts) }],
    cpuUs: 1.5,
    cpuShareMax: 0.1,
    elapsedMs: 10,
    events: [],
    warnings: [{ code: "W_ENGINE_FALLBACK", message }],
  };
}

const counts = fc.array(fc.nat(4_294_967_295), { maxLength: 20_000, size: "max" });

describe("a report in parts", () => {
  it("is the same when it is joined again", () => {
    fc.assert(
      fc.property(counts, fc.string({ unit: "binary" }), (some, message) => {
        const report = reportOf(some, message);
        const { parts, totals } = splitReport(report);
        expect(joinReport(parts, totals)).toEqual(report);
      }),
      { numRuns: 10 },
    );
  });

  it("is refused when a part is missing, comes twice, or in another order", () => {
    const report = reportOf([1, 2, 3], "x".repeat(300_000));
    const { parts, totals } = splitReport(report);
    expect(parts.length).toBeGreaterThan(2);
    expect(joinReport(parts.slice(1), totals)).toBeTypeOf("string");
    expect(joinReport([...parts, parts[0] as string], totals)).toBeTypeOf("string");
    expect(joinReport(parts.toReversed(), totals)).toBeTypeOf("string");
    expect(joinReport(parts, { ...totals, attempted: 1 })).toBeTypeOf("string");
  });
});
