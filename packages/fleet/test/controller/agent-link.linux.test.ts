import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { connectNats } from "../../src/connect.ts";
import { AgentLink } from "../../src/controller/agent-link.ts";
import { ClockLine } from "../../src/controller/clock-line.ts";
import type { AgentDescription, Heartbeat } from "../../src/messages/agent-description.ts";
import { NO_FENCE } from "../../src/messages/fence.ts";
import { agentSubjects, verbSubject } from "../../src/subjects.ts";
import { accessOf, startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";

const NAMES = Array.from({ length: 20 }, (_, i) => `a${i}`);
const nowMs = (): number => performance.now();

let fleet: WrittenFleet;
const agents: NatsConnection[] = [];
let nc: NatsConnection;
let clocks: ClockLine;

function describeAgent(name: string): AgentDescription {
  return { name, instance: "i" } as unknown as AgentDescription;
}

function aLink(name: string): AgentLink {
  const asker = { churnlab: "0", run: "R", holder: "H", fenceOf: () => NO_FENCE, nowMs };
  return new AgentLink({ nc, asker, clocks }, describeAgent(name));
}

function beat(over: Partial<Heartbeat>): Heartbeat {
  return {
    agent: "a",
    instance: "i",
    seq: 0,
    state: "idle",
    run: null,
    key: null,
    nowMs: 0,
    ...over,
  };
}

/** Answers everything with one number: a clock, and as much as any other question is answered here. */
async function serve(name: string): Promise<void> {
  const connection = await connectNats(accessOf(fleet.directory, name));
  agents.push(connection);
  connection.subscribe(agentSubjects(name), {
    callback: (_, message) => void message.respond("1"),
  });
  await connection.flush();
}

beforeAll(async () => {
  fleet = await startWrittenFleet(NAMES);
  nc = await connectNats(accessOf(fleet.directory, "controller"));
  clocks = new ClockLine(nc, nowMs);
  for (const name of NAMES) await serve(name);
});
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await nc.close();
  await fleet[Symbol.asyncDispose]();
});

describe("agents of a server that was away", () => {
  it("are none of them lost for being back later than the controller", async () => {
    const links = NAMES.map(aLink);
    const over = new AbortController();
    const back = (async () => {
      for await (const { type } of nc.status()) {
        if (type !== "reconnect") continue;
        for (const link of links) link.reconnect();
        return;
      }
    })();
    const asking = links.map(async (link) => {
      while (!over.signal.aborted) await link.exchangeClock();
    });
    await fleet.restartServer();
    await back;
    // The controller is back: now all are asked until the last of them is, however long its line waits for the server.
    await Promise.all(links.map((link) => link.measureClock({ sinceMs: nowMs(), fresh: 3 })));
    over.abort();
    await Promise.all(asking);
    expect(links.filter(({ lost }) => lost.aborted).map(({ name }) => name)).toEqual([]);
  });

  it("that do not come back are gone all the same, once they are heard or their heartbeats are missed", async () => {
    await agents[0]?.close();
    const link = aLink("a0");
    link.reconnect();
    const asked = link.exchangeClock();
    asked.catch(() => {});
    link.hear(beat({})); // it was there a moment ago: nobody answers now because it went
    await expect(asked).rejects.toMatchObject({ code: "E_AGENT", message: "The agent a0 is gone" });
  });
});

describe("an agent that is asked", () => {
  const ask = { body: null, schema: z.unknown(), withinMs: 2000, again: true };

  it("is not, once it is lost: what it would build is nobody's", async () => {
    const asked: string[] = [];
    const ear = nc.subscribe(verbSubject("a2", "prepare"), {
      callback: (_, { subject }) => void asked.push(subject),
    });
    const link = aLink("a2");
    link.lose("it fell silent");
    await expect(link.ask("prepare", ask)).rejects.toThrow("it fell silent");
    await nc.flush();
    expect(asked).toEqual([]);
    ear.unsubscribe();
  });

  it("is not waited for by who is interrupted, nor asked again for when the server returns", async () => {
    const connection = await connectNats(accessOf(fleet.directory, "a4"));
    await agents[4]?.close();
    let asked = 0;
    connection.subscribe(verbSubject("a4", "prepare"), { callback: () => void asked++ });
    await connection.flush();
    const link = aLink("a4");
    const over = new AbortController();
    const answer = link.ask("prepare", { ...ask, withinMs: 60_000, signal: over.signal });
    answer.catch(() => {});
    await expect.poll(() => asked).toBe(1);
    over.abort();
    await expect(answer).rejects.toMatchObject({ code: "E_AGENT" });
    link.reconnect();
    await nc.flush();
    expect([asked, link.lost.aborted]).toEqual([1, false]);
    const late = link.ask("prepare", { ...ask, withinMs: 60_000, signal: over.signal });
    await expect(late).rejects.toMatchObject({ code: "E_AGENT" });
    await connection.close();
  });

  it("and serves a newer controller is lost, and says what can be done about it", async () => {
    const connection = await connectNats(accessOf(fleet.directory, "a3"));
    const refused = { ok: false, code: "E_FLEET_LOCKED", message: "newer", hint: "Remove it." };
    await agents[3]?.close();
    connection.subscribe(verbSubject("a3", "prepare"), {
      callback: (_, message) => void message.respond(JSON.stringify(refused)),
    });
    await connection.flush();
    const link = aLink("a3");
    const loss = { code: "E_AGENT", message: "a3: newer", hint: "Remove it." };
    await expect(link.ask("prepare", ask)).rejects.toMatchObject(loss);
    expect(link.lost.reason).toMatchObject(loss);
    await connection.close();
  });
});

describe("an agent that has a side of a trial", () => {
  it("is lost when it says that it serves nobody, or another run: its dead-man's switch has ended its part", () => {
    for (const run of [null, "S"]) {
      const link = aLink("a1");
      link.hear(beat({ run: null }));
      link.expectSide(true);
      link.hear(beat({ run: "R", state: "running" }));
      expect(link.lost.aborted).toBe(false);
      link.hear(beat({ run }));
      const why = run === null ? "let go of its side of the trial" : "serves the run S now";
      expect(link.lost.reason).toMatchObject({
        code: "E_AGENT",
        message: expect.stringContaining(`The agent a1 ${why}`),
      });
    }
  });

  it("is not lost for saying so once its side is to be taken down", () => {
    const link = aLink("a1");
    link.expectSide(true);
    link.expectSide(false);
    link.hear(beat({ run: null }));
    expect(link.lost.aborted).toBe(false);
  });
});
