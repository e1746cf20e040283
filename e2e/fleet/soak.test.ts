import { afterAll, beforeAll, expect, it } from "vitest";
import { killOnce, mayBeUnserved, type Victim } from "./kill-once.ts";
import { agentsWithClocks, type RunningFleet, startFleet } from "./start-fleet.ts";

const SPECS = agentsWithClocks([0, 5000, -5000]);
/** In the middle of the load; `soak.ts` beside this takes random moments, and many. */
const AFTER_MS = 1500;

/** The kills that end soonest; `lost.test.ts` holds the others to more, and `soak.ts` repeats them all. */
const TRIED: readonly Victim[] = ["agent SIGKILL", "server"];

let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet(SPECS);
}, 120_000);
afterAll(() => fleet[Symbol.asyncDispose]());

it.each([
  ["agent SIGKILL", 0, false],
  ["agent SIGSTOP", 15_000, false],
  ["agent cut off", 15_001, true],
  ["server", 10_000, false],
  ["server", 10_001, true],
] as const)(
  "a run whose %s is away for %i ms may end as nobody serves its trial: %s",
  (victim, awayMs, may) => {
    expect(mayBeUnserved({ victim, awayMs })).toBe(may);
  },
);

it.each(TRIED)(
  "after a kill of the %s every attempt is whole or marked, and no host is left",
  async (victim) => {
    const report = await killOnce(fleet, {
      victim,
      afterMs: AFTER_MS,
      awayMs: 0,
      measureS: 2,
      agents: SPECS,
      index: 3,
    });
    expect(report.problems).toEqual([]);
    expect(report.states.length).toBeGreaterThan(0);
  },
);
