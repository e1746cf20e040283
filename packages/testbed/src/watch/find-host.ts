import { statSync } from "node:fs";
import { hostname } from "node:os";
import type { WatchedName } from "@churnlab/core";
import { ChurnError } from "@churnlab/core/errors";
import {
  type NetworkNamespace,
  openNetworkNamespace,
  presentNetworkNamespace,
  readStartTicks,
} from "@churnlab/linux";
import { findContainerPid } from "../docker/find-container-pid.ts";

/** Which host is meant; none of them: this one. */
export interface HostChoice {
  readonly pid?: number;
  readonly netns?: string;
  readonly container?: string;
}

/** A host to look at, and how far this user may look. */
export interface WatchedHost extends Disposable {
  readonly name: WatchedName;
  /** null where the namespace may not be entered; then `pid` is not null. */
  readonly namespace: NetworkNamespace | null;
  /** A process that lives there; null for the own namespace and a named one. */
  readonly pid: number | null;
  /** Throws `E_HOST_GONE` when the process ended, the container stopped, or the name stands for nothing any more. */
  requireAlive(): void;
}

/**
 * Finds what was asked for. Rejects with `E_USAGE`, `E_NAMESPACE`, `E_CAPABILITY`, and for a container as `findContainerPid`
 * does.
 */
export async function findHost({ pid, netns, container }: HostChoice): Promise<WatchedHost> {
  const asked = [pid, netns, container].filter((choice) => choice !== undefined);
  if (asked.length > 1) {
    throw new ChurnError("E_USAGE", "--pid, --netns and --container exclude each other", {
      hint: "Name one host; without any it is this one.",
    });
  }
  if (pid !== undefined) return hostOfProcess({ kind: "process", name: String(pid) }, pid);
  if (netns !== undefined) return hostOfName(netns);
  if (container !== undefined) {
    return hostOfProcess({ kind: "container", name: container }, await findContainerPid(container));
  }
  const namespace = presentNetworkNamespace();
  return {
    name: { kind: "own", name: hostname() },
    namespace,
    pid: null,
    requireAlive() {},
    [Symbol.dispose]: () => namespace.close(),
  };
}

function hostOfProcess(name: WatchedName, pid: number): WatchedHost {
  const startedAt = readStartTicks(pid);
  if (startedAt === null) {
    throw new ChurnError("E_NAMESPACE", `There is no process ${pid}`, {
      hint: "`ps` and `lsns -t net` show what there is.",
    });
  }
  const namespace = enterable(pid);
  return {
    name,
    namespace,
    pid,
    requireAlive() {
      // The number may be another process's by now, and a process may move.
      if (readStartTicks(pid) !== startedAt) throw gone(name, "has ended");
      if (namespace !== null && !livesIn(namespace, pid)) {
        throw gone(name, "has moved to another network namespace");
      }
    },
    [Symbol.dispose]: () => namespace?.close(),
  };
}

/** As `ip netns` names them, or a path. */
function hostOfName(netns: string): WatchedHost {
  const path = netns.includes("/") ? netns : `/run/netns/${netns}`;
  const name = { kind: "namespace", name: netns } as const;
  const namespace = openNetworkNamespace(path);
  try {
    namespace.run(() => undefined);
  } catch (error) {
    namespace.close();
    throw mayNotEnter(netns, error);
  }
  return {
    name,
    namespace,
    pid: null,
    requireAlive() {
      if (readInode(path) !== namespace.inode) throw gone(name, "is gone");
    },
    [Symbol.dispose]: () => namespace.close(),
  };
}

/** The namespace of a process if this user can use it; the own one takes no privilege. */
function enterable(pid: number): NetworkNamespace | null {
  if (sharesOwnNamespace(pid)) return presentNetworkNamespace();
  let namespace: NetworkNamespace;
  try {
    namespace = openNetworkNamespace(`/proc/${pid}/ns/net`);
  } catch (error) {
    if (error instanceof ChurnError) return null;
    throw error;
  }
  try {
    namespace.run(() => undefined);
    return namespace;
  } catch (error) {
    namespace.close();
    if (error instanceof ChurnError) return null;
    throw error;
  }
}

/**
 * Whether a process lives in the own namespace. Its ns/net link may be closed to this user, but files of /proc/net are
 * other inodes in every namespace (proc_alloc_inum), and those anybody may see.
 */
function sharesOwnNamespace(pid: number): boolean {
  const own = readInode("/proc/thread-self/net/snmp");
  return own !== null && own === readInode(`/proc/${pid}/net/snmp`);
}

/** Where the link is closed to this user, only the own namespace can have been entered. */
function livesIn({ inode }: NetworkNamespace, pid: number): boolean {
  const linked = readInode(`/proc/${pid}/ns/net`);
  return linked === null ? sharesOwnNamespace(pid) : linked === inode;
}

function readInode(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
}

function gone({ kind, name }: WatchedName, how: string): ChurnError {
  return new ChurnError("E_HOST_GONE", `The ${kind} ${name} ${how}`, {
    hint: "Watch again once it is back.",
  });
}

function mayNotEnter(netns: string, cause: unknown): unknown {
  if (!(cause instanceof ChurnError)) return cause;
  return new ChurnError("E_CAPABILITY", `The namespace ${netns} may not be entered by this user`, {
    hint: "That takes CAP_SYS_ADMIN: run as root, or name a process inside with --pid, which takes nothing.",
    cause,
  });
}
