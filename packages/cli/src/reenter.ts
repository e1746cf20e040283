import { spawn } from "node:child_process";
import { reenterCommand } from "@churnlab/linux";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/**
 * Runs this command once more as root of a user namespace of its own, where it may do all it needs and nothing to the
 * host, and resolves with its exit status. This process only waits and passes signals on. Throws `E_CAPABILITY`.
 */
export async function reenter(): Promise<ExitCode> {
  const { command, args, env } = reenterCommand(process.argv);
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  const passOn = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to both processes; a second SIGINT would mean "end now".
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  process.on("SIGINT", passOn).on("SIGTERM", passOn).on("SIGHUP", passOn);
  try {
    return await new Promise<ExitCode>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve((code ?? EXIT.interrupted) as ExitCode));
    });
  } finally {
    process.off("SIGINT", passOn).off("SIGTERM", passOn).off("SIGHUP", passOn);
  }
}
