import { ERRNO } from "@churnlab/core/errno";
import { ChurnError } from "@churnlab/core/errors";
import { SystemError, type TracedReset } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import { ResetReasons, type TraceSource } from "../src/reset-reasons.ts";
import { ResetWatch } from "../src/reset-watch.ts";

const NOBODY = { all: [] };
const HOST = "198.18.0.1";

class FakeTrace implements TraceSource {
  readonly hasReasons: boolean;
  /** What each read gives. */
  reads: (TracedReset[] | Error)[] = [];
  lost = 0;

  constructor({ hasReasons = true }: { hasReasons?: boolean } = {}) {
    this.hasReasons = hasReasons;
  }

  drain(): TracedReset[] {
    const next = this.reads.shift() ?? [];
    if (next instanceof Error) throw next;
    return next;
  }

  readLost(): number {
    return this.lost;
  }

  close(): void {}
}

function resetOf(change: Partial<TracedReset> = {}): TracedReset {
  return {
    atMs: 1,
    direction: "sent",
    source: HOST,
    sourcePort: 80,
    destination: "198.18.1.1",
    destinationPort: 40_000,
    state: "CLOSE",
    reason: "TCP_STATE",
    ...change,
  };
}

function begin(open: () => ResetReasons): { means: string; warnings: string[] } {
  using watch = new ResetWatch([HOST], open);
  const { means, warnings } = watch.begin(NOBODY);
  return { means, warnings: warnings.map(({ code, message }) => `${code} ${message}`) };
}

function refuse(error: Error): () => ResetReasons {
  return () => {
    throw error;
  };
}

describe("a watch of resets", () => {
  it("goes on without reasons where tracefs is refused, absent or busy, and says which", () => {
    const refusals = [
      new ChurnError("E_CAPABILITY", "tracefs is not for this user (EPERM)"),
      new ChurnError("E_PLATFORM", "This kernel has no tracefs to be mounted (ENODEV)"),
      new SystemError("open", ERRNO.EBUSY, "trace_pipe"),
    ];
    for (const refusal of refusals) {
      const { means, warnings } = begin(refuse(refusal));
      expect(means).toBe("capture");
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("W_OBSERVER_DEGRADED");
      expect(warnings[0]).toContain(refusal.message);
    }
  });

  it("says when the kernel gives no reasons, and counts those resets as unknown", () => {
    const trace = new FakeTrace({ hasReasons: false });
    const reasons = new ResetReasons([HOST], () => trace);
    const { means, warnings } = begin(() => reasons);
    expect(means).toBe("capture and trace");
    expect(warnings[0]).toMatch(/^W_OBSERVER_DEGRADED this kernel does not say why/);
    trace.reads = [[resetOf({ reason: null })]];
    expect(reasons.countsOf(HOST)).toEqual({ "rst.reason.UNKNOWN": 1 });
    expect(reasons.takeKept(HOST)).toMatchObject([{ cause: "unknown" }]);
  });

  it("does not take a bug for a machine that refuses", () => {
    expect(() => begin(refuse(new TypeError("a bug")))).toThrow("a bug");
  });
});

describe("the reasons of resets", () => {
  it("keep a received one with its state, beside those that were sent", () => {
    const trace = new FakeTrace();
    const reasons = new ResetReasons([HOST], () => trace);
    trace.reads = [
      [resetOf(), resetOf({ direction: "received", reason: null, state: "ESTABLISHED" })],
    ];
    expect(reasons.countsOf(HOST)).toEqual({ "rst.reason.TCP_STATE": 1 });
    expect(reasons.takeKept(HOST)).toMatchObject([
      { cause: "hard-close" },
      { cause: null, reset: { direction: "received", state: "ESTABLISHED" } },
    ]);
  });

  it("tell once what was lost, whoever asks", () => {
    const trace = new FakeTrace();
    const reasons = new ResetReasons([HOST], () => trace);
    trace.lost = 5;
    reasons.begin();
    trace.lost = 12;
    expect([reasons.takeLost(), reasons.takeLost()]).toEqual([7, 0]);
  });

  it("go on after a read that fails, and tell of it once", () => {
    const trace = new FakeTrace();
    const reasons = new ResetReasons([HOST], () => trace);
    trace.reads = [new SystemError("read", ERRNO.EIO, "trace_pipe"), [resetOf()]];
    expect(reasons.countsOf(HOST)).toEqual({});
    expect(reasons.countsOf(HOST)).toEqual({ "rst.reason.TCP_STATE": 1 });
    expect(reasons.takeFailure()).toContain("EIO");
    expect(reasons.takeFailure()).toBeNull();
  });
});
