import { readFileSync, readlinkSync } from "node:fs";

/**
 * Identifies this process among all that were or will be: boot id, PID namespace, PID, and the start time of the PID
 * (field 22 of /proc/PID/stat, see proc_pid_stat(5)), since PIDs are used again.
 */
export function describeOwner(): string {
  return [readBootId(), readPidNamespace(), process.pid, readStartTime(process.pid)].join("/");
}

/** Whether the process still exists. One in another PID namespace of this boot cannot be seen and counts as alive. */
export function isOwnerAlive(owner: string): boolean {
  const [bootId, pidNamespace, pid, startTime] = owner.split("/");
  if (bootId !== readBootId()) return false;
  if (pidNamespace !== readPidNamespace()) return true;
  return readStartTime(Number(pid)) === startTime;
}

function readBootId(): string {
  return readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
}

function readPidNamespace(): string {
  return readOr("", () => readlinkSync("/proc/self/ns/pid"));
}

function readStartTime(pid: number): string {
  return readOr("", () => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name, field 2, may hold spaces and parentheses; what follows its last one is fields 3 and up.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  });
}

function readOr(fallback: string, read: () => string): string {
  try {
    return read();
  } catch {
    return fallback;
  }
}
