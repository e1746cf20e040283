import { readFileSync, readlinkSync } from "node:fs";
import { identifyProcess, lookForProcess, type ProcessSight } from "@churnlab/core";

/** Identifies this process among all that were or will be; see `identifyProcess`. */
export function describeOwner(): string {
  return identifyProcess(process.pid, lookAround());
}

/** Whether the process still exists. One in another PID namespace of this boot cannot be seen and counts as alive. */
export function isOwnerAlive(owner: string): boolean {
  const seen = lookForProcess(owner, lookAround());
  return seen === "alive" || seen === "other-namespace";
}

function lookAround(): ProcessSight {
  return {
    bootId: readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pidNamespace: readOr("", () => readlinkSync("/proc/self/ns/pid")),
    readStat: (pid) => readOr(null, () => readFileSync(`/proc/${pid}/stat`, "utf8")),
  };
}

/** Databases are read on systems without /proc too. */
function readOr<T>(fallback: T, read: () => string): T | string {
  try {
    return read();
  } catch {
    return fallback;
  }
}
