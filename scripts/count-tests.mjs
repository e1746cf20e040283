// Counts the tests of a run from vitest's JSON report. As a program: prints `N passed, N failed` as its only line.
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ status: string }} Assertion
 * @typedef {{ name: string, status: string, assertionResults: readonly Assertion[] }} TestFile
 * @typedef {{ success: boolean, testResults: readonly TestFile[] }} JsonReport
 */

/** In the order in which they run and are told; the first that a path fits is the one. */
const TIERS = [
  { tier: "linux", pattern: /\.linux\.test\.ts$/ },
  { tier: "docker", pattern: /\/e2e\/docker\// },
  { tier: "e2e", pattern: /\/e2e\// },
  { tier: "unit", pattern: /./ },
];

/**
 * The counts of a whole run. A file that could not be loaded is one failure, and so is a run that failed
 * for a reason no test shows (an unhandled rejection, no report at all). With `noSkip` a skipped test is a failure.
 * @param {JsonReport | undefined} report
 * @param {{ noSkip?: boolean }} [options]
 * @returns {{ total: Counts, tiers: ReadonlyMap<string, Counts> }}
 */
export function countTests(report, { noSkip = false } = {}) {
  /** @type {Map<string, Counts>} */
  const tiers = new Map();
  for (const file of report?.testResults ?? []) {
    const tier = TIERS.find(({ pattern }) => pattern.test(file.name))?.tier ?? "unit";
    tiers.set(tier, add(tiers.get(tier), countFile(file, noSkip)));
  }
  const total = [...tiers.values()].reduce(add, { passed: 0, failed: 0, skipped: 0 });
  if (total.failed === 0 && report?.success !== true) total.failed = 1;
  return { total, tiers };
}

/**
 * @param {TestFile} file
 * @param {boolean} noSkip
 * @returns {Counts}
 */
function countFile(file, noSkip) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status } of file.assertionResults) {
    if (status === "passed") counts.passed++;
    else if (status === "failed" || noSkip) counts.failed++;
    else counts.skipped++;
  }
  if (file.status === "failed" && counts.failed === 0) counts.failed = 1;
  return counts;
}

/**
 * @param {Counts | undefined} a
 * @param {Counts} b
 * @returns {Counts}
 */
function add(a, b) {
  if (a === undefined) return b;
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/**
 * @param {string} file
 * @returns {JsonReport | undefined} undefined where vitest wrote none
 */
export function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const noSkip = process.env.CHURNLAB_NO_SKIP === "1";
  const { total } = countTests(readReport(process.argv[2] ?? ".cache/test-report.json"), {
    noSkip,
  });
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}
