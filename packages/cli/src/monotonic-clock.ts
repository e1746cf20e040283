import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@churnlab/core";

/** CLOCK_MONOTONIC, the same in every thread of the machine. */
export const monotonicClock: Clock = {
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
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
