import type { Plan } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { type EndedTrial, type PlanContext, runPlan } from "../src/run-plan.ts";
import { aTrial } from "./fakes/a-trial.ts";
import { FakeClock } from "./fakes/fake-clock.ts";
import { FakeTestbed } from "./fakes/fake-world.ts";

/** Four blocks of two variants. */
const PLAN: Plan = {
  scenario: "plan",
  seed: 1,
  trials: Array.from({ length: 8 }, (_, i) => {
    const block = Math.floor(i / 2) + 1;
    return { ...aTrial({}, i + 1), variant: i % 2 === 0 ? "a" : "b", replicate: block, block };
  }),
};

interface Ran {
  readonly outcomes: readonly EndedTrial[];
  readonly saved: readonly number[];
}

async function run(
  options: Partial<PlanContext> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> {
  const testbed = new FakeTestbed();
  const saved: number[] = [];
  const outcomes = await runPlan(
    PLAN,
    {
      testbedFor: () => testbed,
      clock: new FakeClock(),
      listener: { onPhase() {}, onSample() {}, onOutcome() {} },
      ...options,
      save(trial, outcome) {
        saved.push(trial.id);
        options.save?.(trial, outcome);
      },
    },
    signal,
  );
  return { outcomes, saved };
}

describe("runPlan", () => {
  it("runs every trial in order and saves each", async () => {
    const { outcomes, saved } = await run();
    expect(saved).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(outcomes).toHaveLength(8);
  });

  it("keeps of a saved trial what the end of the plan is judged by, not its samples", async () => {
    const { outcomes } = await run();
    expect(new Set(outcomes.flatMap((ended) => Object.keys(ended)))).toEqual(
      new Set(["trial", "state", "measurements"]),
    );
  });

  it("asks between blocks, and only there, whether it is enough", async () => {
    const asked: number[] = [];
    await run({ enough: (ended) => asked.push(ended.length) < 0 });
    expect(asked).toEqual([2, 4, 6]);
  });

  it("ends after the block that is enough, knowing every trial so far", async () => {
    let seen: readonly EndedTrial[] = [];
    const { outcomes, saved } = await run({
      enough: (ended) => {
        seen = [...ended];
        return ended.length === 4;
      },
    });
    expect(saved).toEqual([1, 2, 3, 4]);
    expect(outcomes).toHaveLength(4);
    expect(seen.map(({ trial: { variant, block } }) => `${variant}${block}`)).toEqual([
      "a1",
      "b1",
      "a2",
      "b2",
    ]);
  });

  it("begins no trial once it is aborted, and does not ask", async () => {
    const stop = new AbortController();
    const { saved } = await run(
      {
        save: ({ id }) => {
          if (id === 2) stop.abort();
        },
        enough: () => {
          throw new Error("asked");
        },
      },
      stop.signal,
    );
    expect(saved).toEqual([1, 2]);
  });
});
