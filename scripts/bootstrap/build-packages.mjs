import { spawn } from "node:child_process";
import { printDone, printProgress } from "./print.mjs";
import { SetupProblem } from "./setup-problem.mjs";

/** Each brings its part of dist/ up to date, and knows by itself what is. */
const STEPS = [
  { name: "tsc -b", command: ["node_modules/typescript/bin/tsc", "-b"] },
  { name: "browser part", command: ["scripts/build-browser.mjs"] },
];

/**
 * Brings every dist/ up to date.
 * @param {string} root
 * @param {string} node
 */
export async function buildPackages(root, node) {
  for (const { name, command } of STEPS) {
    printProgress("build", name);
    const { code, output } = await runStep(root, [node, ...command]);
    if (code !== 0) {
      throw new SetupProblem("build: the sources do not compile", {
        fix: "mend the errors above; `npm run build` shows those that are left",
        evidence: output,
      });
    }
  }
  printDone("build", STEPS.map(({ name }) => name).join(", "));
}

/**
 * @param {string} root
 * @param {string[]} command
 * @returns {Promise<{ code: number | null, output: string }>}
 */
async function runStep(root, [program = "", ...args]) {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  /** @type {number | null} */
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, output };
}
