// From a fresh clone to a running command: check the platform, install, build, then the named step.
// Dependency-free, and in syntax that Node 18 reads. Whatever is already done is skipped.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findPinnedNode, standInFor } from "../packages/cli/bin/pinned-node.mjs";
import { buildPackages } from "./bootstrap/build-packages.mjs";
import { checkPlatform } from "./bootstrap/check-platform.mjs";
import { installPackages } from "./bootstrap/install-packages.mjs";
import { pinnedEnvironment } from "./bootstrap/pinned-environment.mjs";
import { printDone, printHeading, printProblem, printStart } from "./bootstrap/print.mjs";
import { SetupProblem } from "./bootstrap/setup-problem.mjs";

const EXIT_USAGE = 2;
const EXIT_PREFLIGHT_FAILED = 3;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** What each step runs under the pinned Node, once packages are installed and, where needed, built. */
const STEPS = {
  build: { build: true, command: undefined },
  quickstart: {
    build: true,
    command: ["packages/cli/bin/churnlab.mjs", "run", "scenarios/quickstart.yaml"],
  },
  test: { build: true, command: ["scripts/run-tests.mjs"] },
  check: { build: false, command: ["scripts/check.mjs"] },
  bench: { build: true, command: ["bench/run.mjs"] },
  gallery: { build: true, command: ["scripts/make-gallery.ts"] },
};

/** @param {string[]} argv */
async function bootstrap([name = "", ...rest]) {
  const step = STEPS[/** @type {keyof typeof STEPS} */ (name)];
  if (step === undefined) {
    process.stderr.write(`usage: node scripts/bootstrap.mjs ${Object.keys(STEPS).join("|")}\n`);
    return EXIT_USAGE;
  }
  printHeading(name);
  checkPlatform();
  printDone("platform", `${process.platform} ${process.arch}, node ${process.versions.node}`);
  await installPackages(root);
  const node = findPinnedNode(root) ?? process.execPath;
  if (step.build) await buildPackages(root, node);
  if (step.command === undefined) return 0;
  printStart(name, [...step.command, ...rest].join(" "));
  return standInFor(node, [...step.command, ...rest], { cwd: root, env: pinnedEnvironment(root) });
}

try {
  process.exitCode = await bootstrap(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  printProblem(error);
  process.exitCode = EXIT_PREFLIGHT_FAILED;
}
