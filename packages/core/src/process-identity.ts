/** What a machine tells of its processes, as it is seen from one of them. Empty where a system has no /proc. */
export interface ProcessSight {
  readonly bootId: string;
  /** The PID namespace of the one who looks, as its link in /proc names it. */
  readonly pidNamespace: string;
  /** /proc/PID/stat; null where there is no such process, or none that may be looked at. */
  readStat(pid: number): string | null;
}

/**
 * A process among all that were or will be, `<boot id>/<pid namespace>/<pid>/<start time>`: process ids are those of a namespace
 * and come round, start times do not.
 */
export function identifyProcess(pid: number, sight: ProcessSight): string {
  return [sight.bootId, sight.pidNamespace, pid, startTicksOf(pid, sight)].join("/");
}

/**
 * What is known of a process from here. `other-namespace`: it is of this boot, in a PID namespace that cannot be looked into.
 * `other-boot`: of this machine before it was started again, or of another machine.
 */
export type ProcessSeen = "alive" | "dead" | "other-namespace" | "other-boot";

/** Looks for the process of an identity. */
export function lookForProcess(identity: string, sight: ProcessSight): ProcessSeen {
  const [bootId, pidNamespace, pid, startTicks] = identity.split("/");
  if (bootId !== sight.bootId) return "other-boot";
  if (pidNamespace !== sight.pidNamespace) return "other-namespace";
  return startTicksOf(Number(pid), sight) === startTicks ? "alive" : "dead";
}

/**
 * When a process began, in clock ticks since boot: field 22 of proc_pid_stat(5). null for the remains of one that has ended
 * and is not yet waited for.
 */
export function parseStartTicks(stat: string): string | null {
  // The name in field 2 may hold spaces and parentheses; what follows its last one is fields 3 and up.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || state === "X" ? null : (fields[18] ?? null);
}

function startTicksOf(pid: number, sight: ProcessSight): string {
  const stat = sight.readStat(pid);
  return stat === null ? "" : (parseStartTicks(stat) ?? "");
}
