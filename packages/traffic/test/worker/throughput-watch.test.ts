import { setTimeout as sleep } from "node:timers/promises";
import type { LiveTally } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { ThroughputWatch } from "../../src/worker/throughput-watch.ts";

/**
 * 1000 successes and 2000 answers per second, from the start of the warm-up on and without an end, and a clock that stands
 * between two looks at it: what this thread waits in between is no part of what is measured.
 */
function steadyLoad(): { live: () => LiveTally; clock: () => number } {
  const fromMs = monotonicMs();
  let nowMs = fromMs;
  const none = { attempted: 0, established: 0, failed: 0, dropped: 0, failures: {}, open: 0 };
  const live = (): LiveTally => {
    nowMs = monotonicMs();
    const ms = nowMs - fromMs;
    return { ...none, succeeded: ms, requestsSucceeded: 2 * ms };
  };
  return { live, clock: () => nowMs };
}

describe("ThroughputWatch", () => {
  it("takes what ended in the phase, whenever it began and however late it looks", async () => {
    const phase = { measureAtMs: monotonicMs() + 40, measureMs: 60 };
    const { live, clock } = steadyLoad();
    using watch = new ThroughputWatch(live, phase, clock);
    await sleep(180);
    const { throughput } = watch.conclude();
    expect(throughput?.connectionsPerS).toBeCloseTo(1000, 6);
    expect(throughput?.requestsPerS).toBeCloseTo(2000, 6);
  });

  it("knows nothing of a load that ended before its phase", async () => {
    const phase = { measureAtMs: monotonicMs(), measureMs: 60_000 };
    const { live, clock } = steadyLoad();
    using watch = new ThroughputWatch(live, phase, clock);
    await sleep(20);
    expect(watch.conclude()).toEqual({});
  });
});
