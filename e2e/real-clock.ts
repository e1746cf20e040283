import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@churnlab/core";

/** The time of this machine and the CPU time of this thread, for what runs trials without the command line. */
export const clock: Clock = {
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
  unixMs: () => Date.now(),
  threadCpuMs: () => process.threadCpuUsage().user / 1000,
  sleep: async (ms) => {
    await sleep(ms);
  },
};
