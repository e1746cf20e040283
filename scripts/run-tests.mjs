// All tests of all tiers, closing with their totals. Arguments go to vitest: `npm test -- --project unit`.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { toolEnvironment } from "./bootstrap/pinned-environment.mjs";
import { countTests, readReport } from "./count-tests.mjs";

const root = path.resolve(import.meta.dirname, "..");
const reportFile = path.join(root, ".cache/test-report.json");
const noSkip = process.env.CHURNLAB_NO_SKIP === "1";

rmSync(reportFile, { force: true });
const { status } = spawnSync(
  process.execPath,
  [
    path.join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=./scripts/vitest/skip-reporter.ts",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...toolEnvironment(root),
      // Every file, thread and command of the tests loads the same sources: their types are stripped once.
      NODE_COMPILE_CACHE: path.join(root, ".cache/compile-tests"),
    },
  },
);

const { total, tiers } = countTests(readReport(reportFile), { noSkip });
for (const [tier, counts] of tiers) console.log(` ${tier.padEnd(6)} ${inWords(counts)}`);
console.log(inWords(total));
process.exitCode = status === 0 && total.failed === 0 ? 0 : 1;

/** @param {{ passed: number, failed: number, skipped: number }} counts */
function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
