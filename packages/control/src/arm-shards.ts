import type { Agent, ArmedShard, Share, Trial, TrialWorld } from "@churnlab/core";

/** Gives every agent its exact share and waits until all workers are ready. */
export async function armShards(trial: Trial, world: TrialWorld): Promise<ArmedShard[]> {
  const shares = numberWorkers(world.agents);
  const settled = await Promise.allSettled(
    world.agents.map((agent, i) =>
      agent.arm({
        trialId: trial.id,
        seed: trial.seed,
        workload: trial.spec.workload,
        phases: trial.spec.phases,
        target: world.target.address,
        share: shares[i] as Share,
      }),
    ),
  );
  const shards = settled.flatMap((s) => (s.status === "fulfilled" ? [s.value] : []));
  const refused = settled.find((s) => s.status === "rejected");
  if (refused === undefined) return shards;
  for (const shard of shards) shard.stop();
  throw refused.reason;
}

/** Every agent's workers, numbered through: agents of 2 and 3 workers get 0-1 and 2-4 of 5. */
function numberWorkers(agents: readonly Agent[]): Share[] {
  const of = agents.reduce((sum, { workers }) => sum + workers, 0);
  let first = 0;
  return agents.map(({ workers }) => {
    const share = { first, count: workers, of };
    first += workers;
    return share;
  });
}
