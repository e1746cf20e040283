import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { ChurnError } from "@churnlab/core/errors";
import { bindC, check } from "./libc.ts";
import { createNetworkNamespace } from "./network-namespace.ts";
import { errnoOf } from "./system-error.ts";

/** Set for a process that was started through `reenterCommand`, so that it never tries a second time. */
export const REENTERED_VARIABLE = "CHURNLAB_REENTERED";

/**
 * A user namespace in which the caller is root, and a network namespace that it owns: without the latter a thread could
 * not come back from the namespaces it makes. `unshare` replaces itself by the program, so the process id, signals and
 * death are the program's own. Files are still written as the calling user.
 */
const UNSHARE = ["--user", "--map-root-user", "--net"] as const;

export interface ReentryCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** To be added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Whether network namespaces can only be made by going through `reenterCommand`; tried by making one. Throws
 * `E_CAPABILITY` when the process already came that way.
 */
export function needsReentry(): boolean {
  try {
    createNetworkNamespace().close();
    return false;
  } catch (error) {
    if (!(error instanceof ChurnError) || error.code !== "E_CAPABILITY") throw error;
    if (process.env[REENTERED_VARIABLE] !== undefined) throw error;
    return true;
  }
}

/**
 * The command that runs this program once more as root of a user namespace of its own. `argv` is `process.argv`; the
 * present options of Node are kept. Throws `E_CAPABILITY`, with what forbids it, where user namespaces are not to be
 * had, and `E_TOOL_MISSING` without `unshare`.
 */
export function reenterCommand(argv: readonly string[]): ReentryCommand {
  const obstacle = findReentryObstacle();
  if (obstacle !== undefined) throw obstacle;
  const [, ...rest] = argv;
  return {
    command: "unshare",
    args: [...UNSHARE, "--", process.execPath, ...process.execArgv, ...rest],
    env: { [REENTERED_VARIABLE]: "1" },
  };
}

// include/uapi/linux/prctl.h
const PR_SET_PDEATHSIG = 1;

/**
 * In a process that was started through `reenterCommand`: when the one that started it is killed, this one is too
 * (PR_SET_PDEATHSIG(2const)), so that no load goes on unseen. Elsewhere it does nothing. The kernel forgets the wish when a
 * process enters a user namespace, so it is the started one that asks. SIGKILL, because the signal may come once for every
 * thread of the dying process, and a second SIGTERM would cut off what the first began.
 */
export function endWithStarter(): void {
  if (process.env[REENTERED_VARIABLE] === undefined) return;
  const prctl = bindC<(option: number, signal: number) => number>(
    "int prctl(int option, unsigned long signal)",
  );
  check("prctl", prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL), "PR_SET_PDEATHSIG");
}

/** Why `reenterCommand` cannot work here, found by trying; undefined when it can. */
export function findReentryObstacle(): ChurnError | undefined {
  const tried = spawnSync("unshare", [...UNSHARE, "--", "true"], {
    encoding: "utf8",
    timeout: 5000,
  });
  if (tried.status === 0) return undefined;
  if (errnoOf(tried.error) === "ENOENT") {
    return new ChurnError("E_TOOL_MISSING", "unshare is not installed", {
      hint: "Install util-linux, or run as root.",
    });
  }
  return new ChurnError(
    "E_CAPABILITY",
    `No user namespaces for this user: ${tried.stderr.trim()}`,
    {
      hint: findUserNamespaceSwitch() ?? "Run as root.",
    },
  );
}

/** The sysctl that forbids user namespaces, as a command that allows them. */
function findUserNamespaceSwitch(): string | undefined {
  const switches = [
    ["user/max_user_namespaces", "0", "user.max_user_namespaces=10000"],
    ["user/max_net_namespaces", "0", "user.max_net_namespaces=10000"],
    ["kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"],
    [
      "kernel/apparmor_restrict_unprivileged_userns",
      "1",
      "kernel.apparmor_restrict_unprivileged_userns=0",
    ],
  ] as const;
  const found = switches.find(([path, forbidding]) => readSwitch(path) === forbidding);
  return found === undefined ? undefined : `Run as root, or allow them: sudo sysctl -w ${found[2]}`;
}

function readSwitch(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, "utf8").trim();
  } catch {
    return undefined;
  }
}
