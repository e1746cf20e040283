import { ERRNO } from "@churnlab/core/errno";
import { ChurnError } from "@churnlab/core/errors";
import {
  type NetworkNamespace,
  type ResetCapture,
  SystemError,
  type TracedReset,
} from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import type { Host } from "../src/netns-hosts.ts";
import { ResetObserver } from "../src/reset-observer.ts";
import { ResetReasons, type TraceSource } from "../src/reset-reasons.ts";
import { ResetWatch } from "../src/reset-watch.ts";

const NOBODY = { all: [] };
const HOST = "198.18.0.1";
/** Never entered here. */
const NOWHERE = { fd: -1 } as NetworkNamespace;

class FakeTrace implements TraceSource {
  readonly hasReasons: boolean;
  /** What each read gives. */
  reads: (TracedReset[] | Error)[] = [];
  lost = 0;
  readonly #counts = new Map<string | null, number>();

  constructor({ hasReasons = true }: { hasReasons?: boolean } = {}) {
    this.hasReasons = hasReasons;
  }

  drain(): TracedReset[] {
    const next = this.reads.shift() ?? [];
    if (next instanceof Error) throw next;
    for (const { direction, reason } of next) {
      if (direction === "sent") this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    }
    return next;
  }

  begin(): void {
    this.drain();
    this.#counts.clear();
  }

  countsOf(): ReadonlyMap<string | null, number> {
    return this.#counts;
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
  using watch = new ResetWatch([HOST], { openReasons: open });
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
      new SystemError("open", ERRNO.EBUSY, "trace_pipe_raw"),
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
    expect(reasons.takeKept(HOST)).toMatchObject([{ reason: null }]);
  });

  it.each([
    [ERRNO.EPERM, "resets are not captured (EPERM): that takes CAP_NET_RAW over the namespace"],
    [ERRNO.ENOMEM, "resets are not captured: mmap: ENOMEM, not enough memory"],
  ])(
    "that one host refuses (%i) closes the captures of the others, says why, and keeps the reasons",
    (errno, told) => {
      const closed: string[] = [];
      const openCapture = ({ address }: Host): ResetCapture => {
        if (address !== HOST) throw new SystemError("mmap", errno);
        return { close: () => closed.push(address) } as unknown as ResetCapture;
      };
      const trace = new FakeTrace();
      const openReasons = () => new ResetReasons([HOST], () => trace);
      using watch = new ResetWatch([HOST], { openReasons, openCapture });
      const hosts = ["client", "target"].map((role, index) => {
        return { role, address: index === 0 ? HOST : "198.18.1.1", namespace: NOWHERE } as Host;
      });
      const { means, observers, warnings } = watch.begin({ all: hosts });
      expect([means, observers.size, closed]).toEqual(["trace", 2, [HOST]]);
      expect(warnings.map(({ message }) => message)).toEqual([told]);
    },
  );

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
      { direction: "sent", reason: "TCP_STATE" },
      { direction: "received", state: "ESTABLISHED" },
    ]);
  });

  it.each([
    ["TCP_STATE", true, "hard-close"],
    ["INVALID_SYN", true, "accept-queue-full"],
    ["INVALID_SYN", false, "unknown"],
  ])("are %s and an overflow that aborts %s: a cause of %s", (reason, overflowed, cause) => {
    const trace = new FakeTrace();
    const reasons = new ResetReasons([HOST], () => trace);
    using observer = new ResetObserver({
      role: "target",
      address: HOST,
      capture: null,
      reasons,
      tellsOfTrace: true,
    });
    const state = reason === "INVALID_SYN" ? "LISTEN" : "CLOSE";
    trace.reads = [[resetOf({ reason, state })]];
    observer.readCounters(() => overflowed);
    expect(observer.takeEvents()).toMatchObject([{ kind: "rst.sent", detail: { cause } }]);
  });

  it("tell what was lost since the trial began, however often they are asked", () => {
    const trace = new FakeTrace();
    const reasons = new ResetReasons([HOST], () => trace);
    trace.lost = 5;
    reasons.begin();
    trace.lost = 12;
    expect([reasons.readLost(), reasons.readLost()]).toEqual([7, 7]);
    reasons.begin();
    expect(reasons.readLost()).toBe(0);
  });

  it("go on after a read that fails, and tell of it until the next trial", () => {
    const trace = new FakeTrace();
    const reasons = new ResetReasons([HOST], () => trace);
    trace.reads = [new SystemError("read", ERRNO.EIO, "trace_pipe_raw"), [resetOf()]];
    expect(reasons.countsOf(HOST)).toEqual({});
    expect(reasons.countsOf(HOST)).toEqual({ "rst.reason.TCP_STATE": 1 });
    expect(reasons.failure).toContain("EIO");
    expect(reasons.failure).toContain("EIO");
    reasons.begin();
    expect(reasons.failure).toBeNull();
  });
});

describe("the observer of a host's resets", () => {
  const observe = (trace: FakeTrace, options: { readonly tellsOfTrace: boolean }) => {
    const reasons = new ResetReasons([HOST], () => trace);
    return new ResetObserver({ role: "client", address: HOST, capture: null, reasons, ...options });
  };

  it("tells at its second look what was lost before the first", () => {
    const trace = new FakeTrace();
    trace.reads = [new SystemError("read", ERRNO.EIO, "trace_pipe_raw")];
    const observer = observe(trace, { tellsOfTrace: true });
    observer.readCounters(() => false);
    trace.lost = 7;
    const first = observer.conclude();
    expect(first.map(({ message }) => message)).toEqual([
      expect.stringContaining("EIO"),
      "7 trace events were overwritten before they were read",
    ]);
    observer.readCounters(() => false);
    expect(observer.conclude()).toEqual(first);
    trace.lost = 9;
    expect(observer.conclude()[1]?.message).toMatch(/^9 trace events/);
  });

  it("leaves the trace, which is one for all hosts, to the one that tells of it", () => {
    const trace = new FakeTrace();
    const observer = observe(trace, { tellsOfTrace: false });
    trace.lost = 7;
    expect(observer.conclude()).toEqual([]);
  });
});
