import { afterAll, beforeAll, expect, it } from "vitest";
import { killOnce, VICTIMS } from "./kill-once.ts";
import { agentsWithClocks, type RunningFleet, startFleet } from "./start-fleet.ts";

const SPECS = agentsWithClocks([0, 5000, -5000]);
/** In the middle of the load; `soak.ts` beside this takes random moments, and many. */
const AFTER_MS = 1500;

let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet(SPECS);
}, 120_000);
afterAll(() => fleet[Symbol.asyncDispose]());

it.each(VICTIMS)(
  "after a kill of the %s every attempt is whole or marked, and no host is left",
  async (victim) => {
    const report = await killOnce(fleet, { victim, afterMs: AFTER_MS, agents: SPECS, index: 1 });
    expect(report.problems).toEqual([]);
    expect(report.states.length).toBeGreaterThan(0);
  },
);
