import { readFileSync } from "node:fs";

/** On everything that is created: whose it is, so that what a dead run has left can be told from what a living one uses. */
export const OWNER_LABEL = "churnlab.owner";

/** This process as `<pid>.<start time>`: process ids come round, start times do not (proc_pid_stat(5), field 22). */
export function describeOwner(): string {
  return `${process.pid}.${readStartTime(process.pid)}`;
}

export function isOwnerAlive(owner: string): boolean {
  const [pid = "", startTime = ""] = owner.split(".");
  return readStartTime(Number(pid)) === startTime;
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
