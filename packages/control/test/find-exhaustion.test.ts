import type { FailureRecord } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { findExhaustion } from "../src/find-exhaustion.ts";

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
    expect(findExhaustion(failures)).toMatchObject([
      { tMs: 200, kind: "ports.exhausted", detail: { errno: "EADDRINUSE", step: "bind" } },
    ]);
  });

  it.each([
    ["receive", "EADDRNOTAVAIL"],
    ["bind", "EADDRNOTAVAIL"],
    ["connect", "ECONNREFUSED"],
  ] as const)("is not %s %s", (step, errno) => {
    expect(findExhaustion([failed(step, errno, 1)])).toEqual([]);
  });
});
