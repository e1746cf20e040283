import { expect, test } from "vitest";
import type { Crew } from "../../src/controller/agent-roster.ts";
import { type Concluding, concludeFleetTrial } from "../../src/controller/conclude-fleet-trial.ts";
import { LeftSides } from "../../src/controller/left-sides.ts";

const KEY = { trial: 1, attempt: 2 };
const EARLIER = { trial: 1, attempt: 1 };

/** A trial that counts on the agent `a`, to which `b` comes back: what `b` answers is for the test to say. */
function concludeBeside() {
  const answer = Promise.withResolvers<boolean>();
  let asked = 0;
  const left = new LeftSides({
    run: "R",
    nowMs: () => 0,
    restore: (agent) => {
      if (agent === "a") return new Promise(() => {});
      asked += 1;
      return answer.promise;
    },
  });
  left.count("t", KEY);
  left.count("a", KEY);
  left.count("b", EARLIER)[Symbol.dispose]();
  const concluding = {
    clocks: { conclude: async () => ({ measurements: [], warnings: [] }) },
    observers: [],
    agents: [],
    results: { takeStrays: () => new Map() },
    awaitReturned: () => left.awaitReturned(),
  } as unknown as Concluding;
  const crew = { target: { lost: new AbortController().signal } } as unknown as Crew;
  return { left, answer, asked: () => asked, conclude: () => concludeFleetTrial(crew, concluding) };
}

const beat = (agent: string) =>
  ({ agent, instance: "i", seq: 0, state: "running", run: "R", key: EARLIER, nowMs: 0 }) as const;

test.each([
  [true, ["W_LOAD_STRAY"]],
  [false, []],
])(
  "an agent that came back before a trial ends, and answers afterwards that it had load: %s, is told of with that trial",
  async (hadLoad, codes) => {
    const { left, answer, asked, conclude } = concludeBeside();
    left.hear("b", beat("b"));
    expect(asked()).toBe(1);
    const concluded = conclude();
    setTimeout(() => answer.resolve(hadLoad), 50);
    expect((await concluded).warnings.map(({ code }) => code)).toEqual(codes);
  },
);

test("a trial does not wait for the answer of an agent that it lost itself", {
  timeout: 5000,
}, async () => {
  const { left, conclude } = concludeBeside();
  left.leave({ name: "a", instance: "i", heardAtMs: 0 }, KEY);
  expect((await conclude()).warnings).toEqual([]);
});
