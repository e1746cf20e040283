import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findPinnedNode } from "../../packages/cli/bin/pinned-node.mjs";
import { explainInstallFailure } from "./explain-install-failure.mjs";
import { printDone, printProgress } from "./print.mjs";

/**
 * Installs what the lockfile names, unless exactly that is installed already.
 * @param {string} root the workspace root
 * @throws {SetupProblem} with one fix, for an unreachable registry, a full disk, and whatever else pnpm reports
 */
export async function installPackages(root) {
  const stamp = path.join(root, "node_modules/.churnlab-installed");
  const wanted = hashInputs(root);
  if (
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === wanted &&
    findPinnedNode(root) !== undefined
  ) {
    printDone("packages", `unchanged, node ${pinnedVersion(root)}`);
    return;
  }
  const pnpm = pnpmVersion(root);
  printProgress("packages", `pnpm ${pnpm} (about 200 MB the first time)`);
  const { code, output } = await runPnpm(root, pnpm);
  if (code !== 0) throw explainInstallFailure({ code, output, pnpm, root });
  writeFileSync(stamp, wanted);
  printDone("packages", `pnpm ${pnpm}, no compiler needed`);
  printDone("node", `${pinnedVersion(root)}, pinned copy for this folder only`);
}

/**
 * Everything that decides what an install puts in place.
 * @param {string} root
 */
function hashInputs(root) {
  const packages = readdirSync(path.join(root, "packages"));
  packages.sort();
  const manifests = packages.map((name) => `packages/${name}/package.json`);
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${root}\n`);
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...manifests]) {
    const full = path.join(root, file);
    if (existsSync(full)) hash.update(`${file}\n`).update(readFileSync(full));
  }
  return hash.digest("hex");
}

/** @param {string} root */
function pnpmVersion(root) {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return /** @type {string} */ (packageManager).replace("pnpm@", "");
}

/**
 * The pnpm of an earlier install where it is the one wanted, else the registry's.
 * @param {string} root
 * @param {string} version
 */
function pnpmCommand(root, version) {
  const installed = path.join(root, "node_modules/pnpm/package.json");
  if (existsSync(installed) && JSON.parse(readFileSync(installed, "utf8")).version === version) {
    return { program: path.join(root, "node_modules/.bin/pnpm"), prefix: [] };
  }
  return { program: "npx", prefix: ["--yes", `pnpm@${version}`] };
}

/** @param {string} root */
function pinnedVersion(root) {
  const manifest = path.join(root, `node_modules/node-linux-${process.arch}/package.json`);
  return /** @type {string} */ (JSON.parse(readFileSync(manifest, "utf8")).version);
}

/**
 * @param {string} root
 * @param {string} version of pnpm
 * @returns {Promise<{ code: number, output: string }>}
 */
function runPnpm(root, version) {
  const { program, prefix } = pnpmCommand(root, version);
  const args = [
    ...prefix,
    "install",
    "--frozen-lockfile",
    // Age and trust of a version are checked where it enters the lockfile; here its hash decides.
    "--trust-lockfile",
    "--reporter=append-only",
    "--config.confirmModulesPurge=false",
  ];
  const child = spawn(program, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      // Unless the user says otherwise, an unreachable registry is told within half a minute.
      npm_config_fetch_retry_mintimeout: "2000",
      npm_config_fetch_retry_maxtimeout: "10000",
      ...process.env,
      // npm's cache and pnpm's state stay in this folder, as pnpm-workspace.yaml says for pnpm's store.
      npm_config_cache: path.join(root, ".cache/npm"),
      npm_config_update_notifier: "false",
      XDG_STATE_HOME: path.join(root, ".cache/state"),
    },
  });
  let output = "";
  /** @param {Buffer} chunk */
  const read = (chunk) => {
    output += chunk.toString();
    const progress = output.match(/^Progress: .*$/gm)?.at(-1);
    if (progress !== undefined) printProgress("packages", progress.replace("Progress: ", ""));
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 127, output: `${output}\n${error.message}` }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
