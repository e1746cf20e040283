import { readdirSync } from "node:fs";
import type { EngineName, Workload } from "@churnlab/core";
import { expect, test } from "vitest";
import { ENGINES } from "../src/engines.ts";
import { aWorkload, closed, open } from "./fixtures/a-workload.ts";
import { Lab, type RunOptions, targetAddress } from "./fixtures/world.ts";

/** Trials that end well, fail, are stopped, and run out of ports, in turn. */
const kinds: readonly { workload: Partial<Workload>; options?: RunOptions }[] = [
  { workload: { arrival: closed(4, { limit: 40 }) }, options: { workers: 2 } },
  {
    workload: { kind: "keep-alive", requestsPerConnection: 10, arrival: closed(3, { limit: 60 }) },
  },
  { workload: { close: "rst", arrival: open(1000, { limit: 30 }) } },
  {
    workload: { arrival: open(2000, { limit: 40 }) },
    options: { spec: { misbehaviour: "reset-after-accept" } },
  },
  {
    workload: { kind: "keep-alive", requestsPerConnection: "unlimited", arrival: closed(5) },
    options: { phases: { measureMs: 5000 }, during: async ({ shard }) => shard.stop() },
  },
];

test("100 trials in one process leave no descriptor and no thread behind", async () => {
  await using lab = new Lab();
  const engines = await workingEngines();
  const runAll = async (): Promise<number> => {
    let trials = 0;
    for (const engine of engines) {
      for (const { workload, options } of kinds) {
        using world = lab.open();
        await world.run(aWorkload({ ...workload, engine }), options);
        trials++;
      }
    }
    return trials;
  };
  // Until every thread, module and pool that lives as long as the process exists.
  await runAll();
  await runAll();
  const settled = countOwn();
  for (let trials = 0; trials < 100; ) trials += await runAll();
  // Sockets of the last trial, and the kernel's own threads of a ring, go a moment later.
  const leftOver = (): number[] => {
    const { descriptors, threads } = countOwn();
    return [descriptors - settled.descriptors, threads - settled.threads].filter((n) => n > 0);
  };
  await expect.poll(leftOver).toEqual([]);
});

async function workingEngines(): Promise<EngineName[]> {
  const engines = await Promise.all(ENGINES.map((entry) => entry.load()));
  return engines
    .filter((engine) => engine.probe().works)
    .filter((engine) =>
      kinds.every(({ workload }) => engine.refuses(aWorkload(workload), targetAddress(1)) === null),
    )
    .map(({ name }) => name);
}

function countOwn(): { descriptors: number; threads: number } {
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
  };
}
