// What a container as target adds to the costs of a trial: building and removing its world, and looking at it.
import { parseScenario, planTrials, type Testbed, type Trial } from "@churnlab/core";
import { checkContainers, DockerTestbed, NetnsTestbed } from "@churnlab/testbed";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";
import { measureWorld, type WorldCosts } from "./world-costs.ts";

const ROUNDS = 15;

const scenario = (testbed: string): string => `
version: 1
name: bench
testbed: ${testbed}
workload: { kind: short-lived, arrival: { model: open, rate: 100/s } }
phases: { measure: 1s }
variants: [{ name: only }]
replicates: 1
`;

export const bench: Benchmark = {
  name: "docker",
  description: "set-up and tear-down of a trial with a container, and the cost of looking at it",
  run,
};

/** Rejects as `checkContainers` does where there is no engine or no image `churnlab-target`. */
async function run({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> {
  const docker = { testbed: new DockerTestbed(), trial: planOne("docker") };
  const netns = { testbed: new NetnsTestbed(), trial: planOne("netns") };
  await checkContainers([docker.trial.spec], { pull: false });
  try {
    const measured: { docker: WorldCosts; netns: WorldCosts }[] = [];
    for (let round = -1; round < rounds; round++) {
      const costs = { docker: await measure(docker), netns: await measure(netns) };
      log(`round ${round}: docker ${costs.docker.worldMs.toFixed(0)} ms`);
      // The first of each starts the threads.
      if (round >= 0) measured.push(costs);
    }
    return [
      rowOfRounds(
        { id: "docker.setup_and_teardown", unit: "ms", target: { max: 2500 } },
        measured.map((costs) => costs.docker.worldMs),
      ),
      rowOfRounds(
        { id: "netns.setup_and_teardown", unit: "ms" },
        measured.map((costs) => costs.netns.worldMs),
      ),
      rowOfRounds(
        { id: "docker.look_at_both_sides", unit: "us" },
        measured.map((costs) => costs.docker.readUs),
      ),
      rowOfRounds(
        { id: "netns.look_at_both_sides", unit: "us" },
        measured.map((costs) => costs.netns.readUs),
      ),
      rowOfRounds(
        { id: "looking.docker_over_netns", unit: "×", target: { max: 1.1 } },
        measured.map(({ docker: inDocker, netns: inNetns }) => inDocker.readUs / inNetns.readUs),
      ),
    ];
  } finally {
    await Promise.all([docker.testbed.close(), netns.testbed.close()]);
  }
}

interface Subject {
  readonly testbed: Testbed;
  readonly trial: Trial;
}

function planOne(testbed: string): Trial {
  const [trial] = planTrials(parseScenario(scenario(testbed), "bench.yaml")).trials;
  if (trial === undefined) throw new Error("a plan has trials");
  return trial;
}

async function measure({ testbed, trial }: Subject): Promise<WorldCosts> {
  return measureWorld(testbed, trial);
}
