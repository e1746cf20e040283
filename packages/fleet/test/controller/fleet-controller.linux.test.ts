import { afterEach, beforeEach, expect, test } from "vitest";
import { FleetController } from "../../src/controller/fleet-controller.ts";
import { heartbeatSubject, liveSubject, resultSubject } from "../../src/subjects.ts";
import { accessOf, startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";

const GARBAGE = ["", "{", "null", '{"agent":5}', "\u0000\u0001"];

const LONG_ENOUGH = AbortSignal.timeout(20_000);

let fleet: WrittenFleet;

beforeEach(async () => {
  fleet = await startWrittenFleet(["a"]);
});
afterEach(() => fleet[Symbol.asyncDispose]());

test("an agent that says what nobody understands is told of once, and the controller goes on hearing the others", async () => {
  const lines: string[] = [];
  await using controller = await FleetController.open({
    access: accessOf(fleet.directory, "controller"),
    churnlab: "0",
    run: "R",
    ledger: { has: () => false, lastAttempt: () => 0, keepLate: () => {} },
    log: (line) => lines.push(line),
  });
  const agent = await fleet.connectAs("a");
  const of = { agent: "a", run: "R", trial: 1, attempt: 1 };
  for (const [seq, garbage] of GARBAGE.entries()) {
    agent.publish(heartbeatSubject("a"), garbage);
    agent.publish(liveSubject("a"), garbage);
    agent.publish(resultSubject({ ...of, seq }), garbage);
  }
  await agent.flush();
  await expect.poll(() => controller.results.strays).toBe(GARBAGE.length);
  expect(lines).toEqual([expect.stringMatching(/^what a says on churnlab\..* is not understood/)]);
  // It still asks, and hears that nobody is there.
  const perAgent = { workers: null, sources: 1 };
  const wish = { agents: 1, labels: {}, perAgent, target: { labels: {} } };
  const target = { url: "http://198.18.0.1/" };
  await expect(
    controller.muster(wish, { testbed: "netns", topology: "direct", target }, LONG_ENOUGH),
  ).rejects.toMatchObject({ code: "E_FLEET" });
});
