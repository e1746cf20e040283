import { expect, test } from "vitest";
import { recallSide } from "../../src/controller/recall-side.ts";
import { NO_FENCE } from "../../src/messages/fence.ts";
import { verbSubject } from "../../src/subjects.ts";
import { startWrittenFleet } from "../init/written-fleet.ts";

const KEY = { trial: 1, attempt: 2 };
const ASKER = { churnlab: "0", run: "R", holder: "H", fenceOf: () => NO_FENCE, nowMs: () => 0 };

test("a lost agent that cannot put its host back is told of; one that restores, or is another run's, is not", async () => {
  await using fleet = await startWrittenFleet(["a"]);
  const answers = [
    { ok: true, body: { hadLoad: true } },
    { ok: false, code: "E_FLEET_LOCKED", message: "a serves a newer controller" },
    { ok: false, code: "E_SYSCTL_VALUE", message: "net.core.somaxconn: EPERM", hint: "Be root." },
  ];
  const agent = await fleet.connectAs("a");
  agent.subscribe(verbSubject("a", "restore"), {
    callback: (_, message) => void message.respond(JSON.stringify(answers.shift())),
  });
  await agent.flush();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const nc = await fleet.connectAs("controller");
  const hadLoad: boolean[] = [];
  for (const _ of [1, 2, 3]) hadLoad.push(await recallSide({ nc, asker: ASKER, log }, "a", KEY));
  expect(hadLoad).toEqual([true, false, false]);
  expect(lines).toEqual([
    "a was lost, and does not restore its host: net.core.somaxconn: EPERM (Be root.)",
  ]);
});
