import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Clock ticks of /proc/<pid>/stat, for every program alike (USER_HZ, include/asm-generic/param.h). */
const USER_HZ = 100;

// proc_pid_stat(5), counted from the field after the name, which is the third.
const STATE = 0;
const SESSION = 3;
const CPU_TIMES = [11, 12, 13, 14] as const;

interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly session: number;
  /** User and system, with that of children that were waited for. */
  readonly cpuUs: number;
}

/** CPU time that the processes of a session have used, microseconds; of those that still run and whom they waited for. */
export function readSessionCpuUs(session: number): number {
  return listSession(session).reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}

/** CPU time of the living processes of a PID namespace, named by that of one of its members: of a whole container. */
export function readPidNamespaceCpuUs(member: number): number {
  const namespace = readPidNamespace(member);
  return listProcesses()
    .filter(({ pid }) => namespace !== null && readPidNamespace(pid) === namespace)
    .reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}

/** CPU time of all living processes that are seen, but for this one: of the container whose process namespace it shares. */
export function readOthersCpuUs(): number {
  return listProcesses()
    .filter(({ pid }) => pid !== process.pid)
    .reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}

function readPidNamespace(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

/** The living processes of a session: of the program that leads it and all that it started and did not let go. */
export function listSession(session: number): readonly ProcessStat[] {
  return listProcesses().filter((stat) => stat.session === session && stat.state !== "Z");
}

function listProcesses(): readonly ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null);
}

function readStat(pid: number): ProcessStat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name may hold spaces and parentheses of its own.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = CPU_TIMES.reduce((sum, at) => sum + Number(fields[at]), 0);
    return {
      pid,
      state: fields[STATE] ?? "",
      session: Number(fields[SESSION]),
      cpuUs: (ticks * 1_000_000) / USER_HZ,
    };
  } catch {
    return null; // it has ended meanwhile
  }
}
