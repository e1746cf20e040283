// How far from each other real agents on one machine begin, and what their telemetry costs each of them.
import { readFileSync } from "node:fs";
import { runTrial } from "@churnlab/control";
import {
  type Measurement,
  parseScenario,
  planTrials,
  quantile,
  type Trial,
  type TrialOutcome,
} from "@churnlab/core";
import type { FleetTestbed } from "@churnlab/fleet";
import { agentsWithClocks, type RunningFleet, startFleet } from "../e2e/fleet/start-fleet.ts";
import { monotonicClock } from "../packages/cli/src/monotonic-clock.ts";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";
import { boundQuantile } from "./bound-quantile.ts";

const AGENTS = 4;
/** So many that the second largest of them is above the 99th percentile with 95 % confidence. */
const TRIALS = 480;
/** In it each agent begins a connection. */
const START_MEASURE_MS = 100;
const TELEMETRY_MEASURE_MS = 10_000;
/** So few connections that what an agent does is to tell of them. */
const RATE = 40;
/** USER_HZ of every Linux that Node runs on. */
const TICKS_PER_S = 100;
const TRIAL_MS_MAX = 60_000;

export const bench: Benchmark = {
  name: "fleet-start",
  description: `start skew of ${AGENTS} real agents over ${TRIALS} trials, and what telemetry costs each`,
  run,
};

async function run({ rounds = 1, log }: BenchOptions): Promise<BenchRow[]> {
  await using fleet = await startFleet(agentsWithClocks(Array.from({ length: AGENTS }, () => 0)));
  await using stack = new AsyncDisposableStack();
  const testbed = stack.adopt(await fleet.open("BENCHSTART"), (opened) => opened.close());
  const skewsMs: number[] = [];
  const errorsMs: number[] = [];
  const telemetry: number[] = [];
  let invalid = 0;
  for (let round = 0; round < rounds; round++) {
    for (const trial of plan(START_MEASURE_MS, TRIALS)) {
      const outcome = await runOne(testbed, trial, () => {});
      if (outcome.state !== "completed") invalid += 1;
      skewsMs.push(find(outcome.record.measurements, "fleet.start_skew_us") / 1000);
      errorsMs.push(find(outcome.record.measurements, "fleet.offset_error_us") / 1000);
      if (skewsMs.length % 40 === 0) log(`${skewsMs.length} trials`);
    }
    telemetry.push(...(await measureTelemetry(fleet, testbed)));
  }
  return [
    rowOfRounds({ id: "fleet.start_skew_p50", unit: "ms" }, [percentile(skewsMs, 0.5)]),
    rowOfRounds({ id: "fleet.start_skew_p99", unit: "ms" }, [percentile(skewsMs, 0.99)]),
    // What the sample shows of the p99 of all starts: it is below this with 95 % confidence.
    rowOfRounds({ id: "fleet.start_skew_p99_at_most", unit: "ms", target: { max: 5 } }, [
      boundQuantile(skewsMs, { share: 0.99, confidence: 0.95 }),
    ]),
    rowOfRounds({ id: "fleet.start_skew_max", unit: "ms" }, [Math.max(...skewsMs)]),
    rowOfRounds({ id: "fleet.offset_error_p99", unit: "ms" }, [percentile(errorsMs, 0.99)]),
    rowOfRounds({ id: "fleet.trials_not_completed", unit: "trials" }, [invalid]),
    rowOfRounds(
      { id: "fleet.agent_telemetry", unit: "% of a core", target: { max: 1 } },
      telemetry,
    ),
  ];
}

function percentile(values: readonly number[], share: number): number {
  const found = quantile(values, share);
  if (!found.defined) throw new Error(found.reason);
  return found.value;
}

function plan(measureMs: number, replicates: number): readonly Trial[] {
  const text = `
version: 1
name: start
fleet: { agents: ${AGENTS}, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: ${RATE}/s } }
phases: { measure: ${measureMs}ms }
variants: [{ name: baseline }]
replicates: ${replicates}
`;
  return planTrials(parseScenario(text, "start.yaml")).trials;
}

/** CPU time of each agent's main thread while it measures: its load has threads of its own, all else is telemetry. */
async function measureTelemetry(fleet: RunningFleet, testbed: FleetTestbed): Promise<number[]> {
  const pids = [...fleet.agents].flatMap(([name, { child }]) =>
    name === "target" || child.pid === undefined ? [] : [child.pid],
  );
  const [trial] = plan(TELEMETRY_MEASURE_MS, 1);
  if (trial === undefined) throw new Error("the plan has no trial");
  let before: readonly number[] = [];
  let atMs = 0;
  let shares: number[] = [];
  await runOne(testbed, trial, (phase) => {
    if (phase === "measure") {
      before = pids.map(mainThreadS);
      atMs = performance.now();
      setTimeout(() => {
        const seconds = (performance.now() - atMs) / 1000;
        shares = pids.map((pid, i) => (100 * (mainThreadS(pid) - (before[i] ?? 0))) / seconds);
      }, TELEMETRY_MEASURE_MS - 500);
    }
  });
  return shares;
}

async function runOne(
  testbed: FleetTestbed,
  trial: Trial,
  onPhase: (phase: string) => void,
): Promise<TrialOutcome> {
  const outcome = await runTrial(
    trial,
    {
      testbed,
      clock: monotonicClock,
      onSample: () => {},
      onPhase: (_trial, phase) => onPhase(phase),
    },
    AbortSignal.timeout(TRIAL_MS_MAX),
  );
  testbed.confirm(trial);
  return outcome;
}

function find(measurements: readonly Measurement[], wanted: string): number {
  const found = measurements.find(({ metric }) => metric === wanted);
  if (found === undefined) throw new Error(`the trial has no ${wanted}`);
  return found.value;
}

function mainThreadS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8").split(") ")[1]?.split(" ");
  return (Number(fields?.[11]) + Number(fields?.[12])) / TICKS_PER_S;
}
