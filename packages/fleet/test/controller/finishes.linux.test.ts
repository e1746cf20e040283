import { expect, test } from "vitest";
import { Finishes } from "../../src/controller/finishes.ts";
import { NO_FENCE } from "../../src/messages/fence.ts";
import { verbSubject } from "../../src/subjects.ts";
import { startWrittenFleet } from "../init/written-fleet.ts";

const KEY = { trial: 1, attempt: 2 };
const ASKER = { churnlab: "0", run: "R", holder: "H", fenceOf: () => NO_FENCE, nowMs: () => 0 };

test("an agent is told that its results are kept until it has understood, and then no more", async () => {
  await using fleet = await startWrittenFleet(["a"]);
  const answers = [
    { ok: false, code: "E_FLEET_LOCKED", message: "a serves a newer controller" },
    { ok: true, body: null },
    { ok: true, body: null },
  ];
  const agent = await fleet.connectAs("a");
  agent.subscribe(verbSubject("a", "finish"), {
    callback: (_, message) => void message.respond(JSON.stringify(answers.shift())),
  });
  await agent.flush();
  const nc = await fleet.connectAs("controller");
  const finishes = new Finishes({ nc, asker: ASKER });
  finishes.tell("a", KEY);
  await finishes[Symbol.asyncDispose]();
  expect(answers).toHaveLength(1);
});
