// Dependency-free, and in syntax that Node 18 reads: this runs before anything is known about the machine.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** better-sqlite3 needs Node-API 10 and ends the process without a word where it is missing. */
const OLDEST_NODE_MAJOR = 24;

/**
 * Whether the running Node can run churnlab itself.
 * @param {string} version as in `process.versions.node`
 * @returns {boolean}
 */
export function isNodeNewEnough(version) {
  return Number.parseInt(version, 10) >= OLDEST_NODE_MAJOR;
}

/**
 * The Node that the lockfile pins, as installed under the workspace root.
 * @param {string} root the workspace root
 * @returns {string | undefined} path of the binary, undefined before the first install
 */
export function findPinnedNode(root) {
  const node = path.join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  return existsSync(node) ? node : undefined;
}

/**
 * Runs a program in the place of this process: same terminal, same signals, same exit code. When this
 * process is killed outright, the IPC channel closes, which `endWithLauncher` turns into a SIGTERM.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<number>} the exit code; does not return when the program was ended by a signal
 */
export function standInFor(program, args, { env = process.env, cwd } = {}) {
  const launched = { ...env, CHURNLAB_LAUNCHER: String(process.pid) };
  const child = spawn(program, args, {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: launched,
    ...(cwd === undefined ? {} : { cwd }),
  });
  // A terminal sends Ctrl-C to both processes; passing it on would make one press into two.
  const atTerminal = process.stdin.isTTY || process.stderr.isTTY;
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGHUP", "SIGQUIT", "SIGTERM"];
  for (const signal of signals) {
    const passOn = !atTerminal || signal === "SIGTERM";
    process.on(signal, () => passOn && child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      for (const name of signals) process.removeAllListeners(name);
      if (signal === null) resolve(code ?? 1);
      else process.kill(process.pid, signal);
    });
  });
}

/** In a program started by `standInFor`: ends with its launcher, even when that was killed outright. */
export function endWithLauncher() {
  if (process.env.CHURNLAB_LAUNCHER !== String(process.ppid) || process.send === undefined) return;
  delete process.env.CHURNLAB_LAUNCHER;
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}
