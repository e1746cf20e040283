import { readFileSync, readlinkSync } from "node:fs";
import { readBootId } from "@churnlab/linux";

/** On everything that is created: whose it is, so that what a dead run has left can be told from what a living one uses. */
export const OWNER_LABEL = "churnlab.owner";

/**
 * This process as `<boot id>/<pid namespace>/<pid>/<start time>`: process ids are those of a namespace and come round, start
 * times do not (proc_pid_stat(5), field 22).
 */
export function describeOwner(): string {
  const namespace = readlinkSync("/proc/self/ns/pid");
  return [readBootId(), namespace, process.pid, readStartTime(process.pid)].join("/");
}

/**
 * What is known of an owner from here. `other-namespace`: it is of this boot, in a process namespace that cannot be looked
 * into. `other-boot`: of this machine before it was started again, or of another machine that uses the same engine.
 */
export type OwnerSeen = "alive" | "dead" | "other-namespace" | "other-boot";

export function lookForOwner(owner: string): OwnerSeen {
  const [bootId, namespace, pid, startTime] = owner.split("/");
  if (bootId !== readBootId()) return "other-boot";
  if (namespace !== readlinkSync("/proc/self/ns/pid")) return "other-namespace";
  return readStartTime(Number(pid)) === startTime ? "alive" : "dead";
}

/** When a process started, in clock ticks since boot; `none` where there is none. */
export function readStartTime(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "none";
  }
}
