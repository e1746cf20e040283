import { ChurnError } from "@churnlab/core";
import { cleanStaleTraceInstances } from "@churnlab/linux";
import { type CleanedContainers, cleanContainers } from "@churnlab/testbed";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { terminal } from "../terminal.ts";

/**
 * Network namespaces and veth pairs are held by the processes that use them, so a dead run leaves none. What can be
 * left is not bound to a process: trace instances under tracefs, and containers. Rejects with `E_CONTAINER_ENGINE` or
 * `E_CAPABILITY` where an engine is installed and cannot be asked: nobody knows then what is left.
 */
export async function clean(): Promise<ExitCode> {
  const traces = cleanStaleTraceInstances();
  for (const name of traces) terminal.say(`removed trace instance ${name}`);
  const { removed, kept } = await lookAtContainers();
  for (const name of removed) terminal.say(`removed container ${name}`);
  for (const { name, error } of kept) {
    terminal.say(`✗ container ${name} could not be removed: ${error.message}`);
  }
  if (kept.length > 0) return EXIT.preflight;
  if (traces.length + removed.length === 0) terminal.say("✓ nothing was left behind");
  return EXIT.ok;
}

async function lookAtContainers(): Promise<CleanedContainers> {
  try {
    return await cleanContainers();
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    throw new ChurnError(
      error.code === "E_CAPABILITY" ? error.code : "E_CONTAINER_ENGINE",
      `Containers could not be looked at: ${error.message}`,
      { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error },
    );
  }
}
