import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@churnlab/core";
import { monotonicMs } from "@churnlab/traffic";

/** The clock of trials: that of the load's own threads. */
export const monotonicClock: Clock = {
  nowMs: monotonicMs,
  unixMs: () => Date.now(),
  threadCpuMs() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  async sleep(ms, signal) {
    // An aborted wait ends early; whoever aborted looks at the signal.
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  },
};
