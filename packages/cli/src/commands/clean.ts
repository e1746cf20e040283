import { cleanStaleTraceInstances } from "@churnlab/linux";
import { cleanContainers } from "@churnlab/testbed";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { terminal } from "../terminal.ts";

/**
 * Network namespaces and veth pairs are held by the processes that use them, so a dead run leaves none. What can be
 * left is not bound to a process: trace instances under tracefs, and containers.
 */
export async function clean(): Promise<ExitCode> {
  const traces = cleanStaleTraceInstances();
  for (const name of traces) terminal.say(`removed trace instance ${name}`);
  const containers = await cleanContainers();
  for (const name of containers) terminal.say(`removed container ${name}`);
  if (traces.length + containers.length === 0) terminal.say("✓ nothing was left behind");
  return EXIT.ok;
}
