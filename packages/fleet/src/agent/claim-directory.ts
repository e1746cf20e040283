import { lstatSync, mkdirSync, type Stats } from "node:fs";
import { ChurnError } from "@churnlab/core";

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Makes a directory, or takes one that is there, in which nobody but this user can have written: what an agent finds in it, it
 * writes to sysctls, perhaps as root. Throws `E_DISK`.
 */
export function claimDirectory(directory: string): void {
  let found: Stats;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    found = lstatSync(directory);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw refusal(directory, `cannot be made (${code})`, cause);
  }
  const why = findFault(found, process.geteuid?.());
  if (why !== null) throw refusal(directory, why);
}

/** Why not to trust what is in a directory; null where there is no reason. */
function findFault(found: Stats, uid: number | undefined): string | null {
  if (!found.isDirectory()) return "is no directory but a link, or a file";
  if (uid !== undefined && found.uid !== uid) return `belongs to user ${found.uid}, not ${uid}`;
  if ((found.mode & WRITABLE_BY_OTHERS) === 0) return null;
  return `can be written by others (mode ${(found.mode & 0o7777).toString(8).padStart(4, "0")})`;
}

function refusal(directory: string, why: string, cause?: unknown): ChurnError {
  return new ChurnError("E_DISK", `${directory} ${why}`, {
    hint: "An agent keeps its results in a directory of its own: name another with --spool.",
    ...(cause === undefined ? {} : { cause }),
  });
}
