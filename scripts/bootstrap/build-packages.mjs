import { spawn } from "node:child_process";
import { printDone, printProgress } from "./print.mjs";
import { SetupProblem } from "./setup-problem.mjs";

/**
 * Brings every dist/ up to date; `tsc -b` itself knows what is.
 * @param {string} root
 * @param {string} node
 */
export async function buildPackages(root, node) {
  printProgress("build", "tsc -b");
  const child = spawn(node, ["node_modules/typescript/bin/tsc", "-b"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) {
    throw new SetupProblem("build: the sources do not compile", {
      fix: "mend what tsc names above",
      evidence: output,
    });
  }
  printDone("build", "tsc -b");
}
