import { readdirSync, statSync } from "node:fs";
import { readOpenFileLimit } from "./open-file-limit.ts";
import { errnoOf } from "./system-error.ts";

/** Descriptors of the process that is nearest to its limit. */
export interface OpenFiles {
  readonly open: number;
  /** The soft limit (RLIMIT_NOFILE) when it was first read. */
  readonly limit: number;
}

/** Counts the descriptors of processes of others, a few microseconds each. */
export class OpenFileCount {
  readonly #limits: ReadonlyMap<number, number>;

  /** Of processes that exist now; those that have ended or may not be looked into are left out. */
  constructor(pids: readonly number[]) {
    this.#limits = new Map(
      pids.flatMap((pid) => {
        const limit = ifSeen(() => readOpenFileLimit(pid).soft);
        return limit === null ? [] : [[pid, limit] as const];
      }),
    );
  }

  /** null when none of them is left. */
  read(): OpenFiles | null {
    const counts = [...this.#limits].flatMap(([pid, limit]) => {
      const open = ifSeen(() => countOpenFiles(pid));
      return open === null ? [] : [{ open, limit }];
    });
    return counts.toSorted((a, b) => b.open / b.limit - a.open / a.limit)[0] ?? null;
  }
}

/** The directory tells its own length since Linux 6.2; before, its size is 0. */
function countOpenFiles(pid: number): number {
  const path = `/proc/${pid}/fd`;
  return statSync(path).size || readdirSync(path).length;
}

/** It has ended, or is not for this user to look into. */
const UNSEEN: ReadonlySet<string | undefined> = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

function ifSeen<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (UNSEEN.has(errnoOf(error))) return null;
    throw error;
  }
}
