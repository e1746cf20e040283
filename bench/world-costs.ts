import { armShards } from "@churnlab/control";
import type { Testbed, Trial } from "@churnlab/core";

const READS_PER_ROUND = 200;

export interface WorldCosts {
  /** Set-up and tear-down of a trial's world, milliseconds. */
  readonly worldMs: number;
  /** One look at all counters of both sides, microseconds. */
  readonly readUs: number;
}

/** Builds the world of a trial, arms its workers, looks at it, and takes it down without a load. */
export async function measureWorld(testbed: Testbed, trial: Trial): Promise<WorldCosts> {
  const begun = performance.now();
  const world = await testbed.build(trial, new AbortController().signal);
  const shards = await armShards(trial, world);
  const built = performance.now();
  for (let read = 0; read < READS_PER_ROUND; read++) {
    for (const observer of world.observers) observer.readCounters();
  }
  const readUs = ((performance.now() - built) * 1000) / READS_PER_ROUND;
  const tearing = performance.now();
  // Stopped before its start, a shard does nothing and gives its threads back.
  const runs = shards.map((shard) => {
    const report = shard.run(Number(process.hrtime.bigint()) / 1e6);
    shard.stop();
    return report;
  });
  await Promise.all(runs);
  await world[Symbol.asyncDispose]();
  return { worldMs: built - begun + performance.now() - tearing, readUs };
}
