import { setTimeout as sleep } from "node:timers/promises";
import type { LiveTally } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { ThroughputWatch } from "../../src/worker/throughput-watch.ts";

/** 1000 successes and 2000 answers per second, from the start of the warm-up on and without an end. */
function steadyLoad(): () => LiveTally {
  const fromMs = monotonicMs();
  const none = { attempted: 0, established: 0, failed: 0, dropped: 0, failures: {}, open: 0 };
  return () => {
    const ms = monotonicMs() - fromMs;
    return { ...none, succeeded: ms, requestsSucceeded: 2 * ms };
  };
}

describe("ThroughputWatch", () => {
  it("takes what ended in the phase, whenever it began and however late it looks", async () => {
    const phase = { measureAtMs: monotonicMs() + 40, measureMs: 60 };
    using watch = new ThroughputWatch(steadyLoad(), phase);
    await sleep(180);
    const { throughput } = watch.conclude();
    // Count and clock are read one after the other: a thread that waits in between is off by that moment.
    expect(throughput?.connectionsPerS).toBeGreaterThan(980);
    expect(throughput?.connectionsPerS).toBeLessThan(1020);
    expect(throughput?.requestsPerS).toBeCloseTo(2 * (throughput?.connectionsPerS ?? 0), 6);
  });

  it("knows nothing of a load that ended before its phase", async () => {
    const phase = { measureAtMs: monotonicMs(), measureMs: 60_000 };
    using watch = new ThroughputWatch(steadyLoad(), phase);
    await sleep(20);
    expect(watch.conclude()).toEqual({});
  });
});
