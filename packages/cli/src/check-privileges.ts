import { spawn } from "node:child_process";
import type { Scenario } from "@churnlab/core";
import { needsReentry, reenterCommand } from "@churnlab/linux";
import type { ExitCode } from "./exit-codes.ts";

/**
 * Namespaces need CAP_NET_ADMIN. Without it the same command runs once more as root of a user namespace of its own,
 * where it may do all it needs and nothing to the host; this process then only waits and passes signals on. Returns
 * that command's exit status, or null when this process can do the work itself. Throws `E_CAPABILITY` when neither goes.
 */
export async function checkPrivileges(scenarios: readonly Scenario[]): Promise<ExitCode | null> {
  const needsNamespaces = scenarios.some(({ variants }) =>
    variants.some(({ spec }) => spec.testbed === "netns"),
  );
  if (!needsNamespaces || !needsReentry()) return null;
  const { command, args, env } = reenterCommand(process.argv);
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  // A terminal sends its signals to both; what others send has to be passed on.
  const passOn = (signal: NodeJS.Signals): boolean => child.kill(signal);
  const ignore = (): void => {};
  process.on("SIGTERM", passOn).on("SIGHUP", passOn).on("SIGINT", ignore);
  try {
    return await new Promise<ExitCode>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve((code ?? 130) as ExitCode));
    });
  } finally {
    process.off("SIGTERM", passOn).off("SIGHUP", passOn).off("SIGINT", ignore);
  }
}
