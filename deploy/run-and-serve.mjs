// What the controller of docker-compose.yml does: runs scenarios, the quickstart unless its arguments name others, writes the
// exit status to /data/finished, and serves the results until it is asked to end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { allowSysctls } from "./allow-sysctls.mjs";
import { DATABASE, FINISHED, LISTEN_PORT } from "./places.mjs";

const root = path.resolve(import.meta.dirname, "..");
const CHURNLAB = path.join(root, "packages/cli/bin/churnlab.mjs");
const scenarios = process.argv.slice(2);
if (scenarios.length === 0) scenarios.push(path.join(root, "scenarios/quickstart.yaml"));

/** @type {import("node:child_process").ChildProcess | undefined} the one that runs now */
let running;
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
  process.on(signal, () => running?.kill(signal));
}

rmSync(FINISHED, { force: true });
allowSysctls();
const code = await churnlab("run", ...scenarios, "--db", DATABASE);
writeFileSync(FINISHED, `${code}\n`);
// Results of a gate that failed, or of a trial that is invalid, are worth looking at; a run that was ended is over.
process.exitCode =
  code === 130
    ? code
    : await churnlab("serve", "--db", DATABASE, "--listen", "0.0.0.0", "--port", LISTEN_PORT);

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit status; 130 when a signal ended it
 */
async function churnlab(...args) {
  running = spawn(process.execPath, [CHURNLAB, ...args], { stdio: "inherit" });
  const [status] = await once(running, "exit");
  return status ?? 130;
}
