import {
  ChurnError,
  type ErrorCode,
  type Plan,
  type ShardReport,
  type Testbed,
  type Trial,
  type TrialState,
} from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { readProgress } from "../src/read-progress.ts";
import { type EndedTrial, isUnserved, type PlanContext, runPlan } from "../src/run-plan.ts";
import { aTrial } from "./fakes/a-trial.ts";
import { FakeClock } from "./fakes/fake-clock.ts";
import { FakeAgent, FakeTestbed, NO_LOAD, reportOf } from "./fakes/fake-world.ts";

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
      save(trial, outcome, attempt) {
        saved.push(trial.id);
        options.save?.(trial, outcome, attempt);
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

const lost = async (): Promise<never> => {
  throw new ChurnError("E_AGENT", "agent b was lost");
};

/** Loses its agent at each of the first runs, then none any more. */
function losingTestbed(losses: number): FakeTestbed {
  let left = losses;
  const report = async (): Promise<ShardReport> =>
    left-- > 0 ? lost() : reportOf("a", { ...NO_LOAD, attempted: 5 });
  return new FakeTestbed({ agents: [new FakeAgent("a", { run: report })] });
}

interface Attempt {
  readonly id: number;
  readonly number: number;
  readonly of: number;
  readonly state: string;
}

async function runLosing(losses: number, options: Partial<PlanContext>): Promise<Attempt[]> {
  const seen: Attempt[] = [];
  const testbed = losingTestbed(losses);
  await run({
    testbedFor: () => testbed,
    listener: {
      onPhase() {},
      onSample() {},
      onOutcome: ({ id }, { state }, attempt) => seen.push({ id, state, ...attempt }),
    },
    ...options,
  });
  return seen;
}

describe("a trial that loses an agent", () => {
  it("is repeated at once, before the next trial, until it does not", async () => {
    const seen = await runLosing(2, { attempts: 3 });
    expect(seen.slice(0, 4)).toEqual([
      { id: 1, number: 1, of: 3, state: "invalid" },
      { id: 1, number: 2, of: 3, state: "invalid" },
      { id: 1, number: 3, of: 3, state: "completed" },
      { id: 2, number: 1, of: 3, state: "completed" },
    ]);
    expect(seen).toHaveLength(10);
  });

  it("is begun no more often than the bound says, and then is invalid", async () => {
    const seen = await runLosing(5, { attempts: 2 });
    expect(seen.slice(0, 5).map(({ id, number, state }) => `${id}.${number} ${state}`)).toEqual([
      "1.1 invalid",
      "1.2 invalid",
      "2.1 invalid",
      "2.2 invalid",
      "3.1 invalid",
    ]);
  });

  it("stores every attempt with its number, each begun before it is saved", async () => {
    const told: string[] = [];
    await runLosing(1, {
      attempts: 2,
      begin: ({ id }, attempt) => told.push(`begin ${id}.${attempt}`),
      save: ({ id }, _, attempt) => told.push(`save ${id}.${attempt}`),
    });
    expect(told.slice(0, 6)).toEqual([
      "begin 1.1",
      "save 1.1",
      "begin 1.2",
      "save 1.2",
      "begin 2.1",
      "save 2.1",
    ]);
  });

  it("counts once among the trials that the end of the plan is judged by", async () => {
    const testbed = losingTestbed(1);
    const { outcomes } = await run({ testbedFor: () => testbed, attempts: 2 });
    expect(outcomes.map(({ trial: { id }, state }) => `${id} ${state}`)).toEqual(
      PLAN.trials.map(({ id }) => `${id} completed`),
    );
  });

  it("is not repeated when the run is interrupted meanwhile", async () => {
    const stop = new AbortController();
    const testbed = losingTestbed(1);
    const { saved } = await run(
      { testbedFor: () => testbed, attempts: 3, save: () => stop.abort() },
      stop.signal,
    );
    expect(saved).toEqual([1]);
  });
});

/** A testbed that refuses to build in the given worlds, counted from 1. */
function refusingTestbed(code: ErrorCode, refuses: (build: number) => boolean): Testbed {
  const fake = losingTestbed(0);
  let builds = 0;
  return {
    build: async () => {
      builds += 1;
      if (refuses(builds)) throw new ChurnError(code, `none for ${builds}`, { hint: "Start one." });
      return fake.build();
    },
    close: async () => {},
  };
}

async function runRefused(testbed: Testbed, options: Partial<PlanContext> = {}) {
  const seen: string[] = [];
  const ended = await run({
    testbedFor: () => testbed,
    attempts: 2,
    save: ({ id }, outcome, attempt) => seen.push(`${id}.${attempt} ${outcome.state}`),
    ...options,
  }).catch((error: unknown) => error);
  return { seen, ended };
}

describe("a fleet that cannot serve a plan", () => {
  it.each(["E_FLEET", "E_FLEET_VERSION", "E_FLEET_LOCKED", "E_NATS"] as const)(
    "at all (%s) ends it with that error at the first trial, which is stored as aborted",
    async (code) => {
      const { seen, ended } = await runRefused(refusingTestbed(code, () => true));
      expect(ended).toMatchObject({ code, message: "none for 1. Start one." });
      expect(seen).toEqual(["1.1 aborted"]);
    },
  );

  it.each(["E_FLEET", "E_FLEET_VERSION", "E_FLEET_LOCKED", "E_NATS"] as const)(
    "any more (%s), after it lost something, is asked once more for each attempt left, and then ends it",
    async (code) => {
      const { seen, ended } = await runRefused(refusingTestbed(code, (build) => build >= 3));
      expect(ended).toMatchObject({ code, message: "none for 4. Start one." });
      expect(isUnserved(ended)).toBe(true);
      expect(seen).toEqual(["1.1 completed", "2.1 completed", "3.1 aborted", "3.2 aborted"]);
    },
  );

  it("for a moment costs it an attempt", async () => {
    const { seen, ended } = await runRefused(refusingTestbed("E_FLEET", (build) => build === 3));
    expect(seen.slice(0, 5)).toEqual([
      "1.1 completed",
      "2.1 completed",
      "3.1 aborted",
      "3.2 completed",
      "4.1 completed",
    ]);
    expect((ended as Ran).outcomes.map(({ state }) => state)).toEqual(Array(8).fill("completed"));
  });

  it("leaves the trial to who resumes the run: it is not over", () => {
    const past = {
      trialId: 1,
      attempt: 1,
      state: "aborted",
      warnings: [],
      measurements: [],
    } as const;
    expect(readProgress(PLAN, [past], 2).attempts.get(1)).toEqual({ lost: 0, interrupted: 1 });
  });

  it("is not what a failure of a trial that was begun means, whatever its code: the others are run", async () => {
    const report = async (): Promise<never> => {
      throw new ChurnError("E_FLEET_LOCKED", "another run took it");
    };
    const fake = new FakeTestbed({ agents: [new FakeAgent("a", { run: report })] });
    const { seen } = await runRefused(fake);
    expect(seen[0]).toBe("1.1 failed");
    expect(seen).toHaveLength(8);
  });

  it("is not what another failure of a trial means: the others are run", async () => {
    const { seen } = await runRefused(refusingTestbed("E_TARGET", (build) => build === 1));
    expect(seen.slice(0, 2)).toEqual(["1.1 failed", "2.1 completed"]);
    expect(seen).toHaveLength(8);
  });
});

describe("a run that is resumed", () => {
  const ended = (id: number): EndedTrial => ({
    trial: PLAN.trials[id - 1] as Trial,
    state: "completed",
    measurements: [],
  });

  it("goes on with the next trial of the same plan, and knows those before", async () => {
    const progress = { ended: [ended(1), ended(2), ended(3)], attempts: new Map() };
    const { outcomes, saved } = await run({ progress });
    expect(saved).toEqual([4, 5, 6, 7, 8]);
    expect(outcomes.map(({ trial }) => trial.id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("asks at once whether it is enough when the last block was whole", async () => {
    const progress = { ended: [ended(1), ended(2)], attempts: new Map() };
    const { saved } = await run({ progress, enough: () => true });
    expect(saved).toEqual([]);
  });

  it("numbers attempts on, and gives a trial those back that interruptions took", async () => {
    const progress = { ended: [], attempts: new Map([[1, { lost: 1, interrupted: 2 }]]) };
    const seen = await runLosing(9, { attempts: 2, progress });
    expect(seen.slice(0, 2)).toEqual([
      { id: 1, number: 4, of: 4, state: "invalid" },
      { id: 2, number: 1, of: 2, state: "invalid" },
    ]);
  });
});

describe("readProgress", () => {
  const attempt = (trialId: number, number: number, state: TrialState) => ({
    trialId,
    attempt: number,
    state,
    warnings: state === "invalid" ? [{ code: "W_AGENT_LOST", message: "gone" } as const] : [],
    measurements: [],
  });

  it("takes a trial as over by its last attempt, unless an interruption ended it", () => {
    const { ended, attempts } = readProgress(
      PLAN,
      [
        attempt(1, 1, "completed"),
        attempt(2, 2, "completed"),
        attempt(2, 1, "invalid"),
        attempt(3, 1, "failed"),
        attempt(4, 1, "aborted"),
      ],
      2,
    );
    expect(ended.map(({ trial, state }) => `${trial.id} ${state}`)).toEqual([
      "1 completed",
      "2 completed",
      "3 failed",
    ]);
    expect([...attempts]).toEqual([[4, { lost: 0, interrupted: 1 }]]);
  });

  it("repeats one that lost an agent only as long as the bound allows", () => {
    const lostOnce = [attempt(1, 1, "invalid")];
    expect(readProgress(PLAN, lostOnce, 2).attempts.get(1)).toEqual({ lost: 1, interrupted: 0 });
    expect(readProgress(PLAN, lostOnce, 1).ended.map(({ trial }) => trial.id)).toEqual([1]);
  });

  it("ends with every trial once, wherever the run was interrupted", async () => {
    for (let at = 0; at <= 8; at++) {
      const first: { id: number; attempt: number; state: TrialState }[] = [];
      const stop = new AbortController();
      const save: PlanContext["save"] = ({ id }, { state }, number) =>
        void first.push({ id, attempt: number, state });
      await run(
        {
          save,
          begin: ({ id }) => {
            if (id === at) stop.abort();
          },
        },
        stop.signal,
      );
      const past = first.map((each) => attempt(each.id, each.attempt, each.state));
      const { outcomes } = await run({ progress: readProgress(PLAN, past, 1) });
      expect(outcomes.map(({ trial, state }) => `${trial.id} ${state}`)).toEqual(
        PLAN.trials.map(({ id }) => `${id} completed`),
      );
    }
  });
});
