import { readFileSync, readlinkSync } from "node:fs";
import {
  identifyProcess,
  lookForProcess,
  type ProcessSeen,
  type ProcessSight,
  parseStartTicks,
} from "@churnlab/core/process-identity";
import { readBootId } from "./read-boot-id.ts";

/** This process among all that were or will be; see `identifyProcess`. */
export function describeProcess(): string {
  return identifyProcess(process.pid, lookAround());
}

/** Whether the process that `describeProcess` described is there. */
export function seeProcess(identity: string): ProcessSeen {
  return lookForProcess(identity, lookAround());
}

/** When a process began, in clock ticks since boot; null when there is none, only its remains, or none to be seen. */
export function readStartTicks(pid: number): string | null {
  const stat = readStat(pid);
  return stat === null ? null : parseStartTicks(stat);
}

function lookAround(): ProcessSight {
  return { bootId: readBootId(), pidNamespace: readlinkSync("/proc/self/ns/pid"), readStat };
}

function readStat(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
}
