import type { Shard, ShardReport } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import type { AgentLink } from "../../src/controller/agent-link.ts";
import { RemoteAgent } from "../../src/controller/remote-agent.ts";
import type { ResultCollector } from "../../src/controller/result-collector.ts";

const LOAD_MS = 4000;
/** Beyond its load, an agent has so long to bring its results. */
const GRACE_MS = 20_000;
const SHARD = {
  phases: { warmUpMs: 0, measureMs: LOAD_MS, drainMs: 0 },
  workload: { timeouts: { connectMs: 0, responseMs: 0 } },
} as unknown as Shard;

/** An agent that answers everything, at a time that is so long after the start of its load. */
function anAgent(
  lateMs: number,
  report: Promise<ShardReport>,
  { isShort = false, ask = async (): Promise<object> => ({ leadMs: 1 }) } = {},
): RemoteAgent {
  const link = {
    name: "a1",
    lost: new AbortController().signal,
    nowMs: () => lateMs,
    toAgentMs: (atMs: number) => atMs,
    tell: async () => {},
    ask,
    unlessLost: (work: Promise<unknown>) => work,
  } as unknown as AgentLink;
  const results = {
    expect: () => report,
    isShort: async () => isShort,
    reopen: async () => {},
    explainSilence: async () => ": the stream is full",
  } as unknown as ResultCollector;
  return new RemoteAgent({
    link,
    target: link,
    workers: 1,
    key: { trial: 1, attempt: 1 },
    results,
    replayAfterMs: 1000,
  });
}

describe("an agent that is too slow to bring its results", () => {
  it("is as good as lost: the trial ends with its name", async () => {
    const { promise } = Promise.withResolvers<ShardReport>();
    const shard = await anAgent(LOAD_MS + GRACE_MS - 5, promise).arm(SHARD);
    await expect(shard.run(0)).rejects.toMatchObject({
      code: "E_AGENT",
      message: "No results of a1 came in time: the stream is full",
    });
  });

  it("is not waited for to the end where the stream takes no results, which is looked at twice", async () => {
    const { promise } = Promise.withResolvers<ShardReport>();
    const shard = await anAgent(LOAD_MS, promise, { isShort: true }).arm(SHARD);
    const startedMs = performance.now();
    await expect(shard.run(0)).rejects.toThrow("No results of a1 came in time: the stream is full");
    const waitedMs = performance.now() - startedMs;
    expect(waitedMs).toBeGreaterThan(1500);
    expect(waitedMs).toBeLessThan(GRACE_MS / 2);
  });

  it("is waited for until then", async () => {
    const report = { agent: "a1" } as ShardReport;
    const arrives = new Promise<ShardReport>((resolve) => {
      setTimeout(() => resolve(report), 20);
    });
    const agent = anAgent(LOAD_MS + GRACE_MS - 5000, arrives);
    const shard = await agent.arm(SHARD);
    expect(await shard.run(0)).toBe(report);
    expect(agent.reported).toBe(true);
    expect(agent.lostAfterwards).toBe(null);
  });
});

describe("an agent whose results the stream took and lost", () => {
  it("is asked for them again until it has them, and once more never", async () => {
    const report = { agent: "a1" } as ShardReport;
    const { promise, resolve } = Promise.withResolvers<ShardReport>();
    const asked: string[] = [];
    const answers = [{ isKept: false }, { isKept: true }];
    const ask = async (verb = ""): Promise<object> => {
      asked.push(verb);
      if (verb === "start") return { leadMs: 1 };
      return answers.shift() ?? { isKept: true };
    };
    const shard = await anAgent(LOAD_MS, promise, { ask }).arm(SHARD);
    const came = shard.run(0);
    await expect.poll(() => answers.length).toBe(0);
    setTimeout(() => resolve(report), 1200); // within another look
    expect(await came).toBe(report);
    expect(asked).toEqual(["start", "replay", "replay"]);
  });
});
