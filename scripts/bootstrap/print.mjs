// Talk goes to stderr: stdout belongs to the step that follows.
import { performance } from "node:perf_hooks";

let lineStartedMs = performance.now();

/** @param {string} step */
export function printHeading(step) {
  process.stderr.write(`churnlab ${step}: set-up changes nothing outside this folder\n`);
}

/**
 * Replaces the progress line, on a terminal; elsewhere progress is silent.
 * @param {string} what
 * @param {string} progress
 */
export function printProgress(what, progress) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K … ${what.padEnd(12)} ${progress}`);
}

/**
 * One finished part, with the time since the last line where it is worth telling.
 * @param {string} what
 * @param {string} detail
 */
export function printDone(what, detail) {
  const elapsedS = (performance.now() - lineStartedMs) / 1000;
  const erase = process.stderr.isTTY ? "\r\u001b[K" : "";
  const time = elapsedS < 0.1 ? "" : `${elapsedS.toFixed(1)} s`;
  process.stderr.write(
    `${erase} ✓ ${what.padEnd(12)} ${detail.padEnd(56)} ${time}`.trimEnd() + "\n",
  );
  lineStartedMs = performance.now();
}

/**
 * What runs next and speaks for itself.
 * @param {string} what
 * @param {string} detail
 */
export function printStart(what, detail) {
  process.stderr.write(` ▸ ${what.padEnd(12)} ${detail}\n`);
}

/** @param {{ message: string, fix: string, evidence: string }} problem */
export function printProblem({ message, fix, evidence }) {
  const erase = process.stderr.isTTY ? "\r\u001b[K" : "";
  const indented = evidence.trim().replaceAll(/^/gm, "   | ");
  process.stderr.write(
    `${erase} ✗ ${message}\n${evidence === "" ? "" : `${indented}\n`}   fix: ${fix}\n`,
  );
}
