import { describe, expect, it } from "vitest";
import { LeftSides } from "../../src/controller/left-sides.ts";
import type { Heartbeat } from "../../src/messages/agent-description.ts";

const KEY = { trial: 1, attempt: 2 };
const NEVER = new AbortController().signal;
/** The dead-man's time, and what a load may take to end then. */
const GONE_MS = 17_500;

function beat(over: Partial<Heartbeat>): Heartbeat {
  return { agent: "a", instance: "i", seq: 0, state: "running", run: "R", nowMs: 0, ...over };
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
    ["was started anew", beat({ instance: "j" })],
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

  it("is not waited for by who is interrupted, or when the run is over", async () => {
    const world = leaveOne();
    await world.left.allGone(AbortSignal.abort());
    expect(await isGone(world)).toBe(false);
    world.left[Symbol.dispose]();
    expect(await isGone(world)).toBe(true);
  });
});
