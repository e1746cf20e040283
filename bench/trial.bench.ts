// What a trial costs besides its load: building and removing its world, and looking at it.
import type { Trial } from "@churnlab/core";
import { parseScenario, planTrials } from "@churnlab/core";
import { NetnsTestbed } from "@churnlab/testbed";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";

const ROUNDS = 31;
const READS_PER_ROUND = 200;
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

async function measureWorld(
  testbed: NetnsTestbed,
  trial: Trial,
): Promise<{ worldMs: number; readUs: number }> {
  const begun = performance.now();
  const world = await testbed.build(trial, new AbortController().signal);
  const armed = await Promise.all(
    world.agents.map((agent) =>
      agent.arm({
        trialId: trial.id,
        seed: trial.seed,
        workload: trial.spec.workload,
        phases: trial.spec.phases,
        target: world.target.address,
        share: { first: 0, count: agent.workers, of: agent.workers },
      }),
    ),
  );
  const built = performance.now();
  for (let read = 0; read < READS_PER_ROUND; read++) {
    for (const observer of world.observers) observer.readCounters();
  }
  const readUs = ((performance.now() - built) * 1000) / READS_PER_ROUND;
  const tearing = performance.now();
  // Stopped before its start, a shard does nothing and gives its threads back.
  const runs = armed.map((shard) => {
    const report = shard.run(Number(process.hrtime.bigint()) / 1e6);
    shard.stop();
    return report;
  });
  await Promise.all(runs);
  await world[Symbol.asyncDispose]();
  return { worldMs: built - begun + performance.now() - tearing, readUs };
}
