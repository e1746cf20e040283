import { EMPTY_LIVE_TALLY, type Shard } from "@churnlab/core";
import { expect, it } from "vitest";
import { InsideAgent } from "../../src/docker/inside/inside-agent.ts";
import type { InsideLink } from "../../src/docker/inside/inside-link.ts";

it("the load generator of a container has no CPU time until it tells one, and keeps the last it told", async () => {
  const link = { ask: async () => ({}) } as unknown as InsideLink;
  const agent = new InsideAgent(link, { name: "inside", workers: 1 });
  const armed = await agent.arm({} as Shard);
  expect(armed.readCpuUs?.()).toBeNull();
  agent.take({ tally: EMPTY_LIVE_TALLY, cpuUs: 40, latencies: [] });
  agent.take({ tally: EMPTY_LIVE_TALLY, cpuUs: null, latencies: [] });
  expect(armed.readCpuUs?.()).toBe(40);
});
