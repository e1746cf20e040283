import { cleanStaleTraceInstances } from "@churnlab/linux";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { terminal } from "../terminal.ts";

/**
 * Network namespaces and veth pairs are held by the processes that use them, so a dead run leaves none. What can be
 * left is not bound to a process: trace instances under tracefs.
 */
export function clean(): ExitCode {
  const removed = cleanStaleTraceInstances();
  for (const name of removed) terminal.say(`removed trace instance ${name}`);
  if (removed.length === 0) terminal.say("✓ nothing was left behind");
  return EXIT.ok;
}
