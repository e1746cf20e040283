import { describe, expect, it } from "vitest";
import { awaitCleanState } from "../../src/agent/await-clean-state.ts";

/** A host whose TIME_WAIT is of these sizes, one look after the other; the last stays. */
function hostOf(sizes: readonly number[]): {
  looks: number;
  readCounters(): { gauges: Record<string, number>; counters: Record<string, number> };
} {
  return {
    looks: 0,
    readCounters() {
      const size = sizes[Math.min(this.looks, sizes.length - 1)] ?? 0;
      this.looks += 1;
      return { gauges: { time_wait: size }, counters: {} };
    },
  };
}

const never = new AbortController().signal;

describe("the wait for TIME_WAIT of an earlier trial", () => {
  it("ends when no host has any", async () => {
    const host = hostOf([3, 2, 1, 0]);
    await awaitCleanState([hostOf([0]), host], never, { patienceMs: 60_000, pollMs: 0 });
    expect(host.looks).toBe(4);
  });

  it("has a bound: what stays longer is somebody else's", async () => {
    const host = hostOf([7]);
    await awaitCleanState([host], never, { patienceMs: 20, pollMs: 1 });
    expect(host.looks).toBeGreaterThan(1);
  });

  it("ends at once when its trial is over", async () => {
    const over = new AbortController();
    const host = hostOf([7]);
    const waiting = awaitCleanState([host], over.signal, { patienceMs: 60_000, pollMs: 60_000 });
    over.abort();
    await waiting;
    expect(host.looks).toBe(1);
  });
});
