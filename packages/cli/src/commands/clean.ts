import { ChurnError } from "@churnlab/core";
import { cleanStaleTraceInstances } from "@churnlab/linux";
import {
  type CleanedContainers,
  cleanCommandDirectories,
  cleanContainers,
  type UnseenContainer,
} from "@churnlab/testbed";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { terminal } from "../terminal.ts";

interface CleanOptions {
  /** Names of containers to remove although nobody can see whether their run lives. */
  readonly container?: readonly string[];
}

/**
 * Network namespaces and veth pairs are held by the processes that use them, so a dead run leaves none. What can be
 * left is not bound to a process: trace instances under tracefs, directories of programs under test (this user's), and
 * containers. Of those whose harness cannot be seen from here only the named containers are removed; the others are left, and
 * said to be. Rejects with `E_CONTAINER_ENGINE` or `E_CAPABILITY` where an engine is installed and cannot be asked: nobody knows
 * then what is left.
 */
export async function clean(options: CleanOptions = {}): Promise<ExitCode> {
  const traces = cleanStaleTraceInstances();
  for (const name of traces) terminal.say(`removed trace instance ${name}`);
  const directories = cleanDirectories();
  const { removed, kept, unseen } = await lookAtContainers(options.container ?? []);
  for (const name of removed) terminal.say(`removed container ${name}`);
  for (const { name, error } of kept) {
    terminal.say(`✗ container ${name} could not be removed: ${error.message}`);
  }
  for (const line of describeUnseen(unseen)) terminal.say(line);
  if (kept.length + directories.kept > 0) return EXIT.preflight;
  if (traces.length + directories.found + removed.length + unseen.length === 0)
    terminal.say("✓ nothing was left behind");
  return EXIT.ok;
}

/** Says what it removes and leaves. Returns how many there were, and how many of them could not be removed. */
function cleanDirectories(): { readonly found: number; readonly kept: number } {
  const { removed, kept, unseen } = cleanCommandDirectories();
  for (const path of removed) terminal.say(`removed directory ${path}`);
  for (const { path, error } of kept) {
    terminal.say(`✗ directory ${path} could not be removed: ${error.message}`);
  }
  for (const path of unseen) {
    terminal.say(`! left directory ${path}: ${WHEREABOUTS["other-namespace"]}`);
  }
  return { found: removed.length + kept.length + unseen.length, kept: kept.length };
}

const WHEREABOUTS: Readonly<Record<UnseenContainer["owner"], string>> = {
  "other-namespace": "its run is, or was, in another process namespace",
  "other-boot":
    "its run is, or was, on another machine, or on this one before it was started again",
};

/** What is left and why, and the command that removes it all the same. Empty where nothing is. */
export function describeUnseen(unseen: readonly UnseenContainer[]): string[] {
  if (unseen.length === 0) return [];
  const names = unseen.map(({ name }) => `--container ${name}`).join(" ");
  return [
    ...unseen.map(({ name, owner }) => `! left container ${name}: ${WHEREABOUTS[owner]}`),
    `  where no such run goes on: churnlab clean ${names}`,
  ];
}

async function lookAtContainers(named: readonly string[]): Promise<CleanedContainers> {
  try {
    return await cleanContainers(named);
  } catch (error) {
    if (!(error instanceof ChurnError) || error.code === "E_USAGE") throw error;
    throw new ChurnError(
      error.code === "E_CAPABILITY" ? error.code : "E_CONTAINER_ENGINE",
      `Containers could not be looked at: ${error.message}`,
      { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error },
    );
  }
}
