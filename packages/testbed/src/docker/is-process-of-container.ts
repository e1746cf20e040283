import { readFileSync } from "node:fs";

/** As `docker create` prints it: 256 random bits, which nothing else has. */
const CONTAINER_ID = /^[0-9a-f]{64}$/;

/**
 * Whether a process that this one sees is of the container with this id: engines name a container's control group by it
 * (cgroups(7), version 1 and 2 alike), and mount its `/etc/hostname` from a folder of that name (proc_pid_mountinfo(5)). False
 * where that cannot be read or tells nothing.
 */
export function isProcessOfContainer(pid: number, id: string): boolean {
  if (!CONTAINER_ID.test(id)) return false;
  return ["cgroup", "mountinfo"].some((name) => readProcess(pid, name).includes(id));
}

function readProcess(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
