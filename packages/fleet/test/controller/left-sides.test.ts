import { describe, expect, it } from "vitest";
import { LeftSides } from "../../src/controller/left-sides.ts";
import type { Heartbeat } from "../../src/messages/agent-description.ts";

const KEY = { trial: 1, attempt: 2 };
const NEXT = { trial: 1, attempt: 3 };
const NEVER = new AbortController().signal;
/** The dead-man's time, and what a load may take to end then. */
const GONE_MS = 17_500;

function beat(over: Partial<Heartbeat>): Heartbeat {
  return {
    agent: "a",
    instance: "i",
    seq: 0,
    state: "running",
    run: "R",
    key: KEY,
    nowMs: 0,
    ...over,
  };
}

interface World {
  readonly left: LeftSides;
  readonly asked: string[];
  nowMs: number;
  answers: boolean;
}

/** An agent whose side was left at time 0, and which may answer. */
function leaveOne(): World {
  const asked: string[] = [];
  const world: World = {
    asked,
    nowMs: 0,
    answers: false,
    left: new LeftSides({
      run: "R",
      nowMs: () => world.nowMs,
      restore: async (agent, { attempt }) => {
        asked.push(`${agent}/${attempt}`);
        if (!world.answers) throw new Error("no answer");
        return true;
      },
    }),
  };
  world.left.leave({ name: "a", instance: "i", heardAtMs: 0 }, KEY);
  return world;
}

const isGone = async ({ left }: World): Promise<boolean> =>
  Promise.race([
    left.allGone(NEVER).then(() => true),
    new Promise<false>((resolve) => setTimeout(resolve, 20, false)),
  ]);

describe("the side of an agent that was lost", () => {
  it("is gone once the agent answers that it took it down", async () => {
    const world = leaveOne();
    expect(await isGone(world)).toBe(false);
    world.answers = true;
    await world.left.allGone(NEVER);
    expect(world.asked).toEqual(["a/2", "a/2"]);
  });

  it.each([
    ["serves nobody", beat({ run: null })],
    ["serves another run", beat({ run: "S" })],
    ["was started anew", beat({ instance: "j", run: null, key: null })],
  ])("is gone once the agent says that it %s", async (_what, heartbeat) => {
    const world = leaveOne();
    expect(await isGone(world)).toBe(false);
    world.left.hear("a", heartbeat);
    expect(await isGone(world)).toBe(true);
  });

  it("is there while the agent says so, and gone when its dead-man's time has passed in silence", async () => {
    const world = leaveOne();
    world.nowMs = GONE_MS - 1;
    world.left.hear("a", beat({}));
    world.nowMs = GONE_MS + 1;
    await expect.poll(() => world.asked.length, { timeout: 5000 }).toBe(2);
    expect(await isGone(world)).toBe(false);
    world.nowMs = 2 * GONE_MS;
    await world.left.allGone(NEVER);
    expect(world.asked).toHaveLength(2);
  });

  it.each([
    ["of another attempt", beat({ key: NEXT })],
    ["of none", beat({ key: null })],
  ])("is gone once the agent says that it has a side %s", async (_what, heartbeat) => {
    const world = leaveOne();
    expect(await isGone(world)).toBe(false);
    world.left.count("a", NEXT);
    world.left.hear("a", heartbeat);
    expect(await isGone(world)).toBe(true);
  });

  it("is not waited for by who is interrupted, or when the run is over", async () => {
    const world = leaveOne();
    await world.left.allGone(AbortSignal.abort());
    expect(await isGone(world)).toBe(false);
    world.left[Symbol.dispose]();
    expect(await isGone(world)).toBe(true);
  });
});

describe("an agent that says that it has a side on which no trial counts", () => {
  const EARLIER = { trial: 1, attempt: 1 };
  /** Of this one the agent has no load any more. */
  const ENDED = { trial: 1, attempt: 9 };

  /** Agents a and b have sides of the attempt; nothing was left. Whoever restores had load. */
  function countTwo() {
    const asked: string[] = [];
    const left = new LeftSides({
      run: "R",
      nowMs: () => 0,
      restore: async (agent, { attempt }) => {
        asked.push(`${agent}/${attempt}`);
        return attempt !== ENDED.attempt;
      },
    });
    const [a] = ["a", "b"].map((name) => left.count(name, KEY));
    return { left, asked, a };
  }

  it("is told to take it down each time, and its load beside the trial's is told of once", async () => {
    const { left, asked } = countTwo();
    for (const _ of [1, 2]) {
      left.hear("a", beat({ key: EARLIER }));
      await left.allGone(NEVER);
    }
    expect(asked).toEqual(["a/1", "a/1"]);
    expect([left.takeReturned(), left.takeReturned()]).toEqual([["a"], []]);
  });

  it("is told so when its trial is over, or it was lost to it, too", async () => {
    const { left, asked, a } = countTwo();
    a?.[Symbol.dispose]();
    left.hear("a", beat({}));
    await left.allGone(NEVER);
    left.leave({ name: "b", instance: "i", heardAtMs: 0 }, KEY);
    await left.allGone(NEVER);
    left.hear("b", beat({ agent: "b" }));
    await left.allGone(NEVER);
    expect(asked).toEqual(["a/2", "b/2", "b/2"]);
  });

  it("is asked once more when it says that it has taken it down: its answer may have come between two questions", async () => {
    let asked = 0;
    const left = new LeftSides({
      run: "R",
      nowMs: () => 0,
      restore: async () => {
        asked += 1;
        if (asked === 1) throw new Error("no answer in time");
        return true;
      },
    });
    left.count("a", KEY);
    left.hear("a", beat({ key: EARLIER }));
    await expect.poll(() => asked).toBe(1);
    left.hear("a", beat({ run: null, key: null, state: "idle" }));
    await left.allGone(NEVER);
    expect([asked, left.takeReturned()]).toEqual([2, ["a"]]);
  });

  it("has put no load beside the trial's where it has ended its own, as one whose heartbeats of before come late, or the load is the trial's", async () => {
    const { left, a } = countTwo();
    left.hear("a", beat({ key: ENDED, state: "running" }));
    await left.allGone(NEVER);
    a?.[Symbol.dispose]();
    left.hear("a", beat({}));
    await left.allGone(NEVER);
    expect(left.takeReturned()).toEqual([]);
  });

  it("is told so when it never had a part: its side is of the controller that had the run before", async () => {
    const { left, asked } = countTwo();
    left.hear("c", beat({ agent: "c", key: EARLIER }));
    expect(await left.awaitReturned()).toEqual(["c"]);
    expect(asked).toEqual(["c/1"]);
  });

  it("is left alone where the side is counted on, is another run's, or is none", async () => {
    const { left, asked } = countTwo();
    left.hear("a", beat({}));
    left.hear("a", beat({ run: "S", key: EARLIER }));
    left.hear("a", beat({ run: null, key: null }));
    left.hear("c", beat({ agent: "c", run: "S", key: EARLIER }));
    left.hear("c", beat({ agent: "c", key: null }));
    await left.allGone(NEVER);
    expect([asked, left.takeReturned()]).toEqual([[], []]);
  });
});
