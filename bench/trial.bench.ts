// What a trial costs besides its load: building and removing its world, and looking at it.
import { parseScenario, planTrials } from "@churnlab/core";
import { NetnsTestbed } from "@churnlab/testbed";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";
import { measureWorld } from "./world-costs.ts";

const ROUNDS = 31;
const SAMPLES_PER_S = 5;

const SCENARIO = `
version: 1
name: bench
workload: { kind: short-lived, arrival: { model: open, rate: 100/s } }
phases: { measure: 1s }
variants: [{ name: only }]
replicates: 1
`;

export const bench: Benchmark = {
  name: "trial",
  description: "set-up and tear-down of a trial, and the cost of sampling both sides",
  run,
};

async function run({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> {
  const [trial] = planTrials(parseScenario(SCENARIO, "bench.yaml")).trials;
  if (trial === undefined) throw new Error("a plan has trials");
  const testbed = new NetnsTestbed();
  try {
    const first = await measureWorld(testbed, trial);
    log(`the first world, which starts the threads: ${first.worldMs.toFixed(0)} ms`);
    const measured = [];
    for (let round = 0; round < rounds; round++) measured.push(await measureWorld(testbed, trial));
    return [
      rowOfRounds(
        { id: "trial.setup_and_teardown", unit: "ms", target: { max: 200 } },
        measured.map(({ worldMs }) => worldMs),
      ),
      rowOfRounds(
        { id: "sampling.both_sides_at_5_hz", unit: "% of a core", target: { max: 0.5 } },
        measured.map(({ readUs }) => (readUs * SAMPLES_PER_S) / 1e4),
      ),
    ];
  } finally {
    await testbed.close();
  }
}
