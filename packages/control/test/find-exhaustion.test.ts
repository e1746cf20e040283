import type { FailureRecord, Sample } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { findExhaustion, type PortEvidence } from "../src/find-exhaustion.ts";

const NOTHING: PortEvidence = { failures: [], samples: [], bind: "none", sawFull: null };

function failed(
  step: FailureRecord["step"],
  errno: FailureRecord["errno"],
  firstMs: number,
): FailureRecord {
  return { step, errno, count: 2, firstMs, lastMs: 900 };
}

describe("findExhaustion", () => {
  it("is the first of several kinds of it", () => {
    const failures = [
      failed("connect", "EADDRNOTAVAIL", 300),
      failed("bind", "EADDRINUSE", 200),
      failed("connect", "ETIMEDOUT", 1),
    ];
    expect(findExhaustion({ ...NOTHING, failures })).toMatchObject([
      { tMs: 200, kind: "ports.exhausted", detail: { errno: "EADDRINUSE", step: "bind" } },
    ]);
  });

  it.each([
    ["receive", "EADDRNOTAVAIL"],
    ["bind", "EADDRNOTAVAIL"],
    ["connect", "ECONNREFUSED"],
  ] as const)("is not %s %s", (step, errno) => {
    expect(findExhaustion({ ...NOTHING, failures: [failed(step, errno, 1)] })).toEqual([]);
  });

  it.each([
    ["port", null, "ports.busy"],
    ["port", true, "ports.busy"],
    ["none", true, "ports.exhausted"],
    ["none", false, "ports.refused"],
    ["address", false, "ports.refused"],
  ] as const)("with bind: %s, and a full range seen: %s, is told as %s", (bind, sawFull, kind) => {
    const failures = [failed(bind === "none" ? "connect" : "bind", "EADDRINUSE", 200)];
    expect(findExhaustion({ ...NOTHING, failures, bind, sawFull })).toMatchObject([
      { tMs: 200, kind },
    ]);
  });
});

describe("a port that is free again", () => {
  /** Samples 200 ms apart of connections that were established and that failed, since the trial began. */
  function load(established: readonly number[], failures: readonly number[]): Sample[] {
    const series = (metric: string, values: readonly number[]): Sample[] =>
      values.map((value, tick) => ({ role: "client", metric, tMs: tick * 200, value }));
    return [
      ...series("connections.established", established),
      ...series("connections.failed", failures),
    ];
  }

  function freeAgainMs(samples: readonly Sample[], exhaustedMs = 300): number | undefined {
    const events = findExhaustion({
      ...NOTHING,
      failures: [failed("connect", "EADDRNOTAVAIL", exhaustedMs)],
      samples,
    });
    return events.find(({ kind }) => kind === "ports.free-again")?.tMs;
  }

  it("is seen at the first new connections after a time in which all failed", () => {
    const samples = load([50, 100, 100, 100, 100, 120, 150], [0, 0, 50, 100, 150, 180, 200]);
    expect(freeAgainMs(samples)).toBe(1000);
    const failures = [failed("connect", "EADDRNOTAVAIL", 300)];
    expect(findExhaustion({ ...NOTHING, failures, samples })[1]?.detail).toEqual({
      afterMs: 700,
    });
  });

  it("is none while there never was a time without a new connection", () => {
    expect(freeAgainMs(load([50, 100, 110, 120, 130], [0, 10, 50, 90, 130]))).toBeUndefined();
  });

  it("is none when nothing was tried meanwhile, or nothing came after", () => {
    expect(freeAgainMs(load([50, 100, 100, 100, 150], [0, 10, 10, 10, 10]))).toBeUndefined();
    expect(freeAgainMs(load([50, 100, 100, 100, 100], [0, 10, 50, 90, 130]))).toBeUndefined();
    expect(freeAgainMs([])).toBeUndefined();
  });
});
