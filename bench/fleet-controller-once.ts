// One controller and its trials on a fleet of simulated agents, in a process of its own so that what it costs is its own:
// fleet-controller-once.ts <directory of the fleet> <agents> <trials> <milliseconds of measure phase>
// Prints one line of JSON for each phase it enters, and one for each trial.

import { statSync } from "node:fs";
import path from "node:path";
import { runTrial } from "@churnlab/control";
import {
  parseScenario,
  planTrials,
  type Trial,
  type TrialOutcome,
  type TrialPhase,
} from "@churnlab/core";
import { FleetTestbed } from "@churnlab/fleet";
import { openStore } from "@churnlab/store";
import { monotonicClock } from "../packages/cli/src/monotonic-clock.ts";
import { accessOf } from "../packages/fleet/test/init/written-fleet.ts";

const [directory = "", agents = "1", trials = "1", measureMs = "1000"] = process.argv.slice(2);
const KIB_PER_MB = 1e6 / 1024;
const run = `bench${process.pid}`;
const scenario = parseScenario(
  `
version: 1
name: fleet
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: ${400 * Number(agents)}/s } }
fleet: { agents: ${agents} }
phases: { measure: ${measureMs}ms }
variants: [{ name: baseline }]
replicates: ${trials}
`,
  "fleet.yaml",
);
const plan = planTrials(scenario);
const file = path.join(directory, `${run}.db`);
using store = openStore(file, { mode: "write" });
const runId = store.startRun({
  scenario,
  plan,
  version: "simulated",
  startedAtUnixMs: Date.now(),
  tags: {},
});
const openingAtMs = performance.now();
const testbed = await FleetTestbed.open({
  access: accessOf(directory, "controller"),
  churnlab: "0.0.0-simulated",
  run,
  ledger: {
    has: (piece) => store.hasPiece(runId, piece),
    lastAttempt: () => store.lastFleetAttempt(runId),
    keepLate: (pieces) => store.keepLatePieces(runId, pieces),
  },
});
print({ openMs: performance.now() - openingAtMs });
for (const trial of plan.trials) await runOne(trial);
await testbed.close();
store.finishRun(runId, "completed");
print({ bytes: statSync(file).size, maxRssMb: process.resourceUsage().maxRSS / KIB_PER_MB });

async function runOne(trial: Trial): Promise<void> {
  const begunMs = performance.now();
  let measuring: { cpu: NodeJS.CpuUsage; atMs: number } | null = null;
  let cpuShare = Number.NaN;
  const enteredAtMs: Partial<Record<TrialPhase, number>> = {};
  const outcome = await runTrial(
    trial,
    {
      testbed,
      clock: monotonicClock,
      onSample: () => {},
      onPhase: (_trial, phase) => {
        if (phase === "measure") measuring = { cpu: process.cpuUsage(), atMs: performance.now() };
        if (phase === "drain" && measuring !== null) {
          const { user, system } = process.cpuUsage(measuring.cpu);
          cpuShare = (user + system) / 1000 / (performance.now() - measuring.atMs);
        }
        enteredAtMs[phase] = performance.now() - begunMs;
        print({ phase, atMs: enteredAtMs[phase] });
      },
    },
    AbortSignal.timeout(300_000),
  );
  const wallMs = performance.now() - begunMs;
  store.saveAttempt(runId, { trial, outcome, attempt: 1 });
  testbed.confirm(trial);
  const rssMb = process.memoryUsage.rss() / 1e6;
  const addedMs = wallMs - Number(measureMs);
  const phaseMs = splitAdded(enteredAtMs, wallMs);
  print({ ...describe(outcome), addedMs, phaseMs, cpuShare, rssMb });
}

/** What each part of a trial took beyond the load itself. */
function splitAdded(at: Partial<Record<TrialPhase, number>>, wallMs: number): object {
  const { "warm-up": start = Number.NaN, measure = Number.NaN } = at;
  const { drain = Number.NaN, restore = Number.NaN } = at;
  return {
    prepare: start,
    start: measure - start,
    gather: drain - measure - Number(measureMs),
    conclude: restore - drain,
    restore: wallMs - restore,
  };
}

function describe({ state, record, ...rest }: TrialOutcome): object {
  const figures = record.measurements.filter(({ metric }) => metric.startsWith("fleet."));
  return {
    state,
    why: JSON.stringify(rest),
    attempted: record.tally.connections.attempted,
    fleet: Object.fromEntries(figures.map(({ metric, value }) => [metric, value])),
  };
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
