import { spawn } from "node:child_process";
import { reenterCommand } from "@churnlab/linux";
import type { ExitCode } from "./exit-codes.ts";
import { explainSignal } from "./explain-signal.ts";
import { pipedSoFar } from "./piped-text.ts";
import { terminal } from "./terminal.ts";

/**
 * Runs this command once more as root of a user namespace of its own, where it may do all it needs and nothing to the
 * host, and resolves with its exit status. This process only waits and passes signals on. Throws `E_CAPABILITY`.
 */
export async function reenter(): Promise<ExitCode> {
  const { command, args, env } = reenterCommand(process.argv);
  const piped = pipedSoFar();
  const child = spawn(command, args, {
    stdio: [piped === undefined ? "inherit" : "pipe", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
  // A child that ends before it has read is no failure of this process.
  child.stdin?.on("error", () => {}).end(piped);
  const passOn = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to both processes; a second SIGINT would mean "end now".
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  process.on("SIGINT", passOn).on("SIGTERM", passOn).on("SIGHUP", passOn);
  try {
    return await new Promise<ExitCode>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        if (code !== null) resolve(code as ExitCode);
        else resolve(sayEnd(signal as NodeJS.Signals));
      });
    });
  } finally {
    process.off("SIGINT", passOn).off("SIGTERM", passOn).off("SIGHUP", passOn);
  }
}

function sayEnd(signal: NodeJS.Signals): ExitCode {
  const { exit, message, fix } = explainSignal(signal);
  if (message !== null) terminal.say(`${terminal.red("✗")} ${message}`);
  if (fix !== null) terminal.say(`  fix: ${fix}`);
  return exit;
}
