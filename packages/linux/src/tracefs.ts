import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { ChurnError } from "@churnlab/core/errors";
import { bindC, check, errno, libc } from "./libc.ts";
import { readStartTicks } from "./process-identity.ts";
import { errnoOf, SystemError } from "./system-error.ts";

// The mount interface of Linux 5.2: system call numbers are the same on every architecture; include/uapi/linux/mount.h.
const SYS_FSOPEN = 430;
const SYS_FSCONFIG = 431;
const SYS_FSMOUNT = 432;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;

const INSTANCE_PREFIX = "churnlab";

/** The root of tracefs, for as long as it is held. */
interface TracefsRoot extends Disposable {
  readonly path: string;
}

/**
 * A trace buffer of our own in the kernel, apart from whoever else traces (Documentation/trace/ftrace.rst). Removed when
 * disposed and when the process exits; what SIGKILL leaves, the next instance removes, or `cleanStaleTraceInstances`.
 */
export class TraceInstance implements Disposable {
  readonly path: string;
  readonly #root: TracefsRoot;
  readonly #fds: number[] = [];
  readonly #remove = (): void => this[Symbol.dispose]();
  #exists = true;

  /** Throws `E_CAPABILITY` without root of the machine, `E_PLATFORM` on a kernel without tracefs. */
  constructor() {
    this.#root = openTracefs();
    try {
      removeStaleInstances(this.#root.path);
      this.path = `${this.#root.path}/instances/${nameInstance(this.#root.path)}`;
      process.on("exit", this.#remove);
      mkdirSync(this.path);
    } catch (error) {
      process.off("exit", this.#remove);
      this.#root[Symbol.dispose]();
      throw refusal(error);
    }
  }

  /** A descriptor that is closed with the instance: an instance that is read cannot be removed. */
  open(file: string, flags: number): number {
    const path = `${this.path}/${file}`;
    const fd = check("open", libc().open(path, flags, 0), path);
    this.#fds.push(fd);
    return fd;
  }

  [Symbol.dispose](): void {
    if (!this.#exists) return;
    this.#exists = false;
    process.off("exit", this.#remove);
    for (const fd of this.#fds) libc().close(fd);
    try {
      rmdirSync(this.path);
    } finally {
      this.#root[Symbol.dispose]();
    }
  }
}

/** Removes trace instances of churnlab processes that no longer exist, and returns their names. None without tracefs. */
export function cleanStaleTraceInstances(): string[] {
  try {
    using root = openTracefs();
    return removeStaleInstances(root.path);
  } catch (error) {
    // Whoever may not look has left nothing there. A tracefs that is mounted refuses its folder, not its mount.
    if (refusal(error) instanceof ChurnError) return [];
    throw error;
  }
}

/**
 * tracefs where it is mounted, else a mount of its own that hangs in no directory and ends with its descriptor: nothing
 * of the host is changed for it.
 */
function openTracefs(): TracefsRoot {
  const mounted = /^\S+ (\S+) tracefs /m.exec(readFileSync("/proc/self/mounts", "utf8"))?.[1];
  if (mounted !== undefined) return { path: mounted, [Symbol.dispose]() {} };
  const fd = mountDetached("tracefs");
  return {
    path: `/proc/self/fd/${fd}`,
    [Symbol.dispose]() {
      libc().close(fd);
    },
  };
}

function mountDetached(filesystem: string): number {
  const fsopen = bindC<(call: number, name: string, flags: number) => number>(
    "int64_t syscall(long call, const char *name, unsigned int flags)",
  );
  const fsconfig = bindC<(call: number, fd: number, ...rest: unknown[]) => number>(
    "int64_t syscall(long call, int fd, unsigned int command, void *key, void *value, int auxiliary)",
  );
  const fsmount = bindC<(call: number, fd: number, ...rest: number[]) => number>(
    "int64_t syscall(long call, int fd, unsigned int flags, unsigned int attributes)",
  );
  const context = fsopen(SYS_FSOPEN, filesystem, FSOPEN_CLOEXEC);
  if (context === -1) throw refusal(new SystemError("fsopen", errno(), filesystem));
  try {
    check("fsconfig", fsconfig(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0));
    return check("fsmount", fsmount(SYS_FSMOUNT, context, FSMOUNT_CLOEXEC, 0));
  } catch (error) {
    throw refusal(error);
  } finally {
    libc().close(context);
  }
}

/** Tells its process by id and by the time that process began: ids are used again. */
function nameInstance(root: string): string {
  const prefix = `${INSTANCE_PREFIX}-${process.pid}-${readStartTicks(process.pid) ?? 0}`;
  const taken = new Set(readdirSync(`${root}/instances`));
  let number = 0;
  while (taken.has(`${prefix}-${number}`)) number += 1;
  return `${prefix}-${number}`;
}

function removeStaleInstances(root: string): string[] {
  return readdirSync(`${root}/instances`).filter((name) => {
    const [, pid, ticks] = /^churnlab-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
    if (pid === undefined || readStartTicks(Number(pid)) === ticks) return false;
    try {
      rmdirSync(`${root}/instances/${name}`);
      return true;
    } catch (error) {
      // EBUSY: still read, by a process that a container hides from here. ENOENT: somebody else cleaned first.
      if (errnoOf(error) === "EBUSY" || errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  });
}

function refusal(cause: unknown): unknown {
  const code = errnoOf(cause);
  if (code === "EPERM" || code === "EACCES") {
    return new ChurnError("E_CAPABILITY", `tracefs is not for this user (${code})`, {
      hint: "The kernel's reason for each reset needs root of the machine, outside of any user namespace.",
      cause,
    });
  }
  if (code === "ENODEV" || code === "ENOSYS" || code === "ENOENT") {
    return new ChurnError("E_PLATFORM", `This kernel has no tracefs to be mounted (${code})`, {
      hint: "A kernel with CONFIG_TRACING tells the reason of each reset.",
      cause,
    });
  }
  return cause;
}
