import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { ResultDocument } from "@churnlab/report";
import { A_AGAINST_A, SLOWER_TARGET } from "../e2e/verdicts/scenarios.ts";
import type { Benchmark } from "./benchmark.ts";
import { countVerdicts, orderRuns, type RunKind, type VerdictRun } from "./verdict-runs.ts";

const BIN = path.join(import.meta.dirname, "../packages/cli/bin/churnlab.mjs");
const SCENARIOS: Readonly<Record<RunKind, string>> = { same: A_AGAINST_A, slower: SLOWER_TARGET };

/** With 300 ms of load a run of 24 trials takes 12 to 20 s, so that all 30 take about 8 minutes. */
const MEASURE = "300ms";
const SAME_RUNS = 20;
const BUDGET_MS = 570_000;
const RUN_MS_MAX = 60_000;

/**
 * Runs of equal variants, of which no gate may fail and no difference be claimed, and half as many against a target that is
 * 10 % slower, which must fail its latency gate and no other. Each run is a process of its own, with another seed. Ends
 * within ten minutes, with fewer runs where they take longer, and says how many there were. `--rounds` is the number of
 * runs of equal variants.
 */
export const bench: Benchmark = {
  name: "verdicts",
  description: "false alarms of equal variants, and how often a target 10 % slower is caught",
  run: ({ rounds = SAME_RUNS, log }) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "churnlab-verdicts-"));
    const deadlineMs = performance.now() + BUDGET_MS;
    const order = orderRuns(rounds);
    const runs: VerdictRun[] = [];
    let longestMs = 0;
    try {
      for (const [i, kind] of order.entries()) {
        const begunMs = performance.now();
        if (begunMs + longestMs > deadlineMs) {
          log(`time is up: ${runs.length} of ${order.length} runs`);
          break;
        }
        const result = runOnce(folder, kind, i + 1);
        runs.push({ kind, result });
        const tookMs = performance.now() - begunMs;
        longestMs = Math.max(longestMs, tookMs);
        log(`run ${i + 1} of ${order.length}: ${kind}, ${(tookMs / 1000).toFixed(1)} s`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    return Promise.resolve(countVerdicts(runs));
  },
};

function runOnce(folder: string, kind: RunKind, seed: number): ResultDocument {
  const file = path.join(folder, `${kind}.yaml`);
  writeFileSync(file, SCENARIOS[kind]);
  const args = ["run", file, "--json", "--quiet", "--seed", `${seed}`];
  const { stdout, stderr, status, error } = spawnSync(
    process.execPath,
    [BIN, ...args, "--set", `phases.measure=${MEASURE}`],
    { cwd: folder, encoding: "utf8", timeout: RUN_MS_MAX, maxBuffer: 1 << 28 },
  );
  if (error !== undefined) throw error;
  if (stdout === "") throw new Error(`run ended with ${status}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as ResultDocument;
}
