// Everything that must hold before a change is offered, in one command. `--no-tests` leaves the tests out.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { toolEnvironment } from "./bootstrap/pinned-environment.mjs";

const root = path.resolve(import.meta.dirname, "..");
const sources = globSync("packages/*/src", { cwd: root });

const env = toolEnvironment(root);

// biome does not heed NO_COLOR.
const plain = process.stdout.isTTY && process.env.NO_COLOR === undefined ? [] : ["--colors=off"];

/** @type {readonly { name: string, what: string, command: readonly string[] }[]} */
const CHECKS = [
  { name: "build", what: "sources compile", command: ["tsc", "-b"] },
  {
    name: "types",
    what: "tests, benchmarks and scripts compile",
    command: ["tsc", "-p", "tsconfig.test.json"],
  },
  { name: "lint", what: "oxlint, with types", command: ["oxlint", "--deny-warnings"] },
  { name: "format", what: "biome", command: ["biome", "ci", ...plain] },
  { name: "dead code", what: "knip", command: ["knip", "--no-config-hints"] },
  {
    name: "rooms",
    what: "architecture.mjs holds",
    command: ["depcruise", "--config", ".dependency-cruiser.mjs", ...sources],
  },
  { name: "tests", what: "all tiers", command: ["node", "scripts/run-tests.mjs"] },
];

const wanted = process.argv.includes("--no-tests")
  ? CHECKS.filter(({ name }) => name !== "tests")
  : CHECKS;
/** @type {string[]} */
const failed = [];
for (const { name, what, command } of wanted) {
  const [program = "", ...args] = command;
  const startedMs = performance.now();
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    env,
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (status !== 0) failed.push(name);
  if (error !== undefined) console.error(error.message);
  console.log(` ${status === 0 ? "✓" : "✗"} ${name.padEnd(10)} ${what.padEnd(40)} ${seconds} s`);
}
if (failed.length > 0) console.error(`check failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
