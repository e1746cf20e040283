import { readdirSync, readlinkSync } from "node:fs";

/** The network namespaces that a process holds by descriptor, but for the own one: `net:[4026532281]`, as /proc links say. */
export function namespacesHeldBy(pid: number): string[] {
  const own = readlinkSync("/proc/self/ns/net");
  return listDescriptors(pid).filter((link) => link.startsWith("net:[") && link !== own);
}

function listDescriptors(pid: number | string): string[] {
  return readNames(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Whether any process still lives in a namespace or holds it by descriptor. */
export function isSomebodysNamespace(link: string): boolean {
  return readNames("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => listDescriptors(pid).includes(link) || livesIn(pid, link));
}

function livesIn(pid: string, link: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === link;
  } catch {
    return false;
  }
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
