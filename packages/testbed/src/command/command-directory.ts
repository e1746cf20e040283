import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { errnoOf, readBootId, readStartTicks } from "@churnlab/linux";

const PREFIX = "churnlab-target-";
/** Boot and PID namespace, process id and start of the harness, and what mkdtemp(3) adds. */
const NAME = /^churnlab-target-([0-9a-f]{8}-\d+)-(\d+)-(\d+)-\w{6}$/;

/** A directory that a program is given, gone when it is disposed of. */
export interface CommandDirectory extends Disposable {
  readonly path: string;
}

/** Makes one that this user alone may enter. Its name tells whose it is: process ids come round. */
export function makeCommandDirectory(): CommandDirectory {
  const owner = `${whereProcessesLive()}-${process.pid}-${readStartTicks(process.pid) ?? 0}`;
  const made = mkdtempSync(path.join(tmpdir(), `${PREFIX}${owner}-`));
  return { path: made, [Symbol.dispose]: () => rmSync(made, { recursive: true, force: true }) };
}

/** What a look for directories of dead harnesses has come to. */
export interface CleanedDirectories {
  readonly removed: readonly string[];
  /** Those that could not be removed, each with why. */
  readonly kept: readonly { readonly path: string; readonly error: Error }[];
  /** Of harnesses in another PID namespace, or on another machine with the same disk: they may live, and theirs are left. */
  readonly unseen: readonly string[];
}

/**
 * Removes the directories of this user whose harness is dead. Those of other users are not looked at: what somebody else may
 * rearrange while it is removed could lead anywhere.
 */
export function cleanCommandDirectories(): CleanedDirectories {
  const here = whereProcessesLive();
  const removed: string[] = [];
  const kept: { path: string; error: Error }[] = [];
  const unseen: string[] = [];
  for (const name of readdirSync(tmpdir())) {
    const [, where, pid, ticks] = NAME.exec(name) ?? [];
    const directory = path.join(tmpdir(), name);
    if (pid === undefined || !isOwn(directory)) continue;
    if (where !== here) {
      unseen.push(directory);
    } else if (readStartTicks(Number(pid)) !== ticks) {
      const error = remove(directory);
      if (error === null) removed.push(directory);
      else kept.push({ path: directory, error });
    }
  }
  return { removed, kept, unseen };
}

/** Why it could not be removed: a program may have left in it what even its user may not remove. */
function remove(directory: string): Error | null {
  try {
    rmSync(directory, { recursive: true, force: true });
    return null;
  } catch (error) {
    if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
    return error;
  }
}

/** What process ids are of: a boot of a kernel, for the first namespace of each has the same number, and a namespace. */
function whereProcessesLive(): string {
  return `${readBootId().slice(0, 8)}-${statSync("/proc/self/ns/pid").ino}`;
}

/** False also for one that went away meanwhile. */
function isOwn(directory: string): boolean {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  return stat !== undefined && stat.isDirectory() && stat.uid === process.getuid?.();
}
