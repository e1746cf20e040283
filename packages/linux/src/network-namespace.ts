import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { ChurnError } from "@churnlab/core/errors";
import { O_RDONLY_CLOEXEC } from "./file-abi.ts";
import { check, errno, libc } from "./libc.ts";
import { errnoOf, SystemError } from "./system-error.ts";

// include/uapi/linux/sched.h, include/uapi/linux/nsfs.h
const CLONE_NEWNET = 0x4000_0000;
const NS_GET_NSTYPE = 0xb703;

const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/**
 * A network namespace held by a file descriptor of this process, and by nothing else: it has no name, needs no thread,
 * and is gone when the descriptor, the sockets and the processes inside are gone, so SIGKILL leaves nothing behind
 * (network_namespaces(7)).
 *
 * Sockets and /proc/thread-self/net files opened inside `run` stay bound to the namespace and are used from outside
 * afterwards. Descriptors are shared by threads: a worker enters with `enterNetworkNamespace(fd)`.
 */
export interface NetworkNamespace extends Disposable {
  readonly fd: number;
  /** What `lsns -t net` shows; unique among living namespaces. */
  readonly inode: number;
  /**
   * Calls `work` with the calling thread inside, and returns to where the thread was. Only synchronous work is inside:
   * an async function is refused. `spawnSync` and `spawn` inside give the child this namespace.
   *
   * Beware of `net.connect(port, host)` and `server.listen(port, host)`: given a host, Node makes the socket in a later
   * turn, outside. Code that needs them lives in a worker thread and enters the namespace for good.
   */
  run<T>(work: () => T): T;
  close(): void;
}

/**
 * Makes an empty namespace (loopback down, sysctls at the kernel's compiled-in defaults) without leaving the own one.
 * Needs CAP_SYS_ADMIN over the user namespace that owns the present network namespace, else throws `E_CAPABILITY`.
 */
export function createNetworkNamespace(): NetworkNamespace {
  const home = openOwnNamespace();
  try {
    requireWayBack(home);
    if (libc().unshare(CLONE_NEWNET) === -1)
      throw refusedCreation(new SystemError("unshare", errno()));
    try {
      return holdNamespace(openOwnNamespace());
    } finally {
      returnTo(home);
    }
  } finally {
    libc().close(home);
  }
}

/** Opens an existing namespace: `/run/netns/<name>`, `/proc/<pid>/ns/net`, `/proc/self/fd/<n>`. Throws `E_NAMESPACE`. */
export function openNetworkNamespace(path: string): NetworkNamespace {
  try {
    const fd = openPath(path);
    if (libc().ioctl(fd, NS_GET_NSTYPE, null) !== CLONE_NEWNET) {
      libc().close(fd);
      throw new ChurnError("E_NAMESPACE", `${path} is not a network namespace`, {
        hint: "Name a file like /run/netns/NAME or /proc/PID/ns/net.",
      });
    }
    return holdNamespace(fd);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const hint =
      error.code === "ENOENT"
        ? "Does the process still run? `ip netns list` and `lsns -t net` show what exists."
        : "Looking into another user's process needs root (CAP_SYS_PTRACE).";
    throw new ChurnError(
      "E_NAMESPACE",
      `Cannot open the network namespace ${path}: ${error.code}`,
      {
        hint,
        cause: error,
      },
    );
  }
}

/**
 * The namespace the calling thread is in, without any privilege: its `run` calls the work where it is, so it is to be
 * used by this thread only, and while the thread stays.
 */
export function presentNetworkNamespace(): NetworkNamespace {
  const present = holdNamespace(openOwnNamespace());
  return {
    fd: present.fd,
    inode: present.inode,
    run: runHere,
    close() {
      present.close();
    },
    [Symbol.dispose]() {
      present.close();
    },
  };
}

/**
 * Moves the calling thread into the namespace until disposed; for worker threads that live in one. What other threads
 * do for this one (DNS look-ups, asynchronous `fs`) stays outside. Throws `E_NAMESPACE`.
 */
export function enterNetworkNamespace(fd: number): Disposable {
  // Through Node, which closes it when a worker thread is terminated inside (`trackUnmanagedFds`).
  const home = openSync(OWN_NAMESPACE, "r");
  try {
    requireWayBack(home);
    if (libc().setns(fd, CLONE_NEWNET) === -1)
      throw refusedEntry(new SystemError("setns", errno()));
  } catch (error) {
    closeSync(home);
    throw error;
  }
  let inside = true;
  return {
    [Symbol.dispose]() {
      if (!inside) return;
      inside = false;
      returnTo(home);
      closeSync(home);
    },
  };
}

function holdNamespace(fd: number): NetworkNamespace {
  let open = true;
  function close(): void {
    if (!open) return;
    open = false;
    libc().close(fd);
  }
  return {
    fd,
    inode: fstatSync(fd).ino,
    run(work) {
      if (!open) throw new Error("This network namespace is closed");
      return runInside(fd, work);
    },
    close,
    [Symbol.dispose]: close,
  };
}

function runInside<T>(fd: number, work: () => T): T {
  if (work.constructor.name === "AsyncFunction") throw refusedAsync();
  const inside = enterNetworkNamespace(fd);
  try {
    return runHere(work);
  } finally {
    inside[Symbol.dispose]();
  }
}

function runHere<T>(work: () => T): T {
  if (work.constructor.name === "AsyncFunction") throw refusedAsync();
  const result = work();
  if (isThenable(result)) throw refusedAsync();
  return result;
}

function isThenable(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function refusedAsync(): TypeError {
  return new TypeError(
    "NetworkNamespace.run takes synchronous work: what follows an await would run in another namespace",
  );
}

function openOwnNamespace(): number {
  return openPath(OWN_NAMESPACE);
}

function openPath(path: string): number {
  return check("open", libc().open(path, O_RDONLY_CLOEXEC, 0), path);
}

/**
 * setns(2) into the namespace the thread is already in. It fails exactly when coming back would fail, for instance
 * under `unshare -Ur`, where the present namespace belongs to another user namespace.
 */
function requireWayBack(home: number): void {
  if (libc().setns(home, CLONE_NEWNET) === -1)
    throw refusedCreation(new SystemError("setns", errno()));
}

/** A thread that cannot come back would run the rest of the program in the wrong world, so the process ends here. */
function returnTo(home: number): void {
  if (libc().setns(home, CLONE_NEWNET) === 0) return;
  writeSync(
    2,
    `churnlab: setns back to the own network namespace failed with errno ${errno()}; aborting\n`,
  );
  process.abort();
}

function refusedCreation(cause: SystemError): ChurnError {
  if (errnoOf(cause) === "ENOSPC") {
    return new ChurnError("E_CAPABILITY", "The limit on network namespaces is reached", {
      hint: "Raise user.max_net_namespaces.",
      cause,
    });
  }
  return new ChurnError("E_CAPABILITY", `Network namespaces cannot be made here: ${cause.code}`, {
    hint: "Run as root, or under `unshare --user --map-root-user --net`.",
    cause,
  });
}

function refusedEntry(cause: SystemError): ChurnError {
  return new ChurnError("E_NAMESPACE", `Cannot enter the network namespace: ${cause.code}`, {
    hint: "Entering needs CAP_SYS_ADMIN over the user namespace that owns it: run as root.",
    cause,
  });
}
