import { AckPolicy, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishResults } from "../../src/agent/publish-results.ts";
import { ResultsRoom } from "../../src/controller/results-room.ts";
import { makeResultsStream, requireRoom } from "../../src/controller/results-stream.ts";
import type { ResultPiece } from "../../src/messages/result-piece.ts";
import { RESULTS_STREAM, resultsOfRun } from "../../src/subjects.ts";
import { startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";
import { openCollector } from "./open-collector.ts";

const BYTES_MAX = 256 * 1024;
const BYTES = 60 * 1024;

let fleet: WrittenFleet;
let jsm: JetStreamManager;
let a: NatsConnection;
let b: NatsConnection;
const lines: string[] = [];
const log = (line: string): void => {
  lines.push(line);
};

beforeEach(async () => {
  lines.length = 0;
  fleet = await startWrittenFleet(["a", "b"]);
  [a, b] = await Promise.all([fleet.connectAs("a"), fleet.connectAs("b")]);
  jsm = await jetstreamManager(await fleet.connectAs("controller"));
  await makeResultsStream(jsm);
  const { config } = await jsm.streams.info(RESULTS_STREAM);
  await jsm.streams.update(RESULTS_STREAM, { ...config, max_bytes: BYTES_MAX });
});
afterEach(() => fleet[Symbol.asyncDispose]());

function aPiece(agent: string, attempt: number): ResultPiece {
  const key = { trial: 1, attempt };
  return { run: "R", agent, key, seq: 0, kind: "part", text: "x".repeat(BYTES) };
}

const count = async (): Promise<number> => (await jsm.streams.info(RESULTS_STREAM)).state.messages;
const { signal: never } = new AbortController();

describe("a stream of results that one agent fills", () => {
  it("keeps what another agent brought before, and says by name that it is full", async () => {
    const before = jetstream(b);
    await publishResults(before, [aPiece("b", 1)], { signal: never, log });
    const fill = [1, 2, 3, 4, 5, 6].map((attempt) => aPiece("a", attempt));
    const patience = new AbortController();
    const publishing = publishResults(jetstream(a), fill, { signal: patience.signal, log });
    await expect.poll(() => lines.length).toBe(1);
    patience.abort();
    expect(await publishing).toBe(3);
    expect(lines).toEqual([
      expect.stringMatching(
        /run R, trial 1, attempt 4 are not taken: the stream CHURNLAB_RESULTS is full/,
      ),
      expect.stringContaining("not taken to the end"),
    ]);
    const first = await jsm.streams.getMessage(RESULTS_STREAM, { seq: 1 });
    expect(first?.subject).toBe("churnlab.result.b.R.1.1.0");
    await expect(requireRoom(jsm, 1)).rejects.toMatchObject({
      code: "E_NATS",
      message: expect.stringMatching(/CHURNLAB_RESULTS is full/),
      hint: expect.stringContaining(
        "nats stream purge CHURNLAB_RESULTS --subject 'churnlab.result.*.RUN.>'",
      ),
    });
  });

  it("takes what waits as soon as there is room, without being asked", async () => {
    const fill = [1, 2, 3, 4].map((attempt) => aPiece("a", attempt));
    await publishResults(jetstream(a), fill, { signal: never, log });
    const waiting = publishResults(jetstream(b), [aPiece("b", 1)], { signal: never, log });
    await expect.poll(() => lines.length).toBe(1);
    await jsm.streams.purge(RESULTS_STREAM);
    expect(await waiting).toBe(1);
    expect(lines.at(-1)).toContain("are taken now");
    await requireRoom(jsm, 1);
  });
});

describe("room in a stream of results", () => {
  const openRoom = (heard: readonly string[] = []) =>
    new ResultsRoom({ jsm, run: "OWN", isHeard: async (run) => heard.includes(run), log });
  const small = (agent: string, run: string, attempt: number): ResultPiece => {
    return { ...aPiece(agent, attempt), run, kind: "part", text: "x" };
  };
  const fillTo = async (left: number): Promise<void> => {
    const { config, state } = await jsm.streams.info(RESULTS_STREAM);
    await jsm.streams.update(RESULTS_STREAM, { ...config, max_msgs: state.messages + left });
  };

  it("is made by dropping what one agent has beyond its share, and nothing of the others", async () => {
    const pieces = Array.from({ length: 300 }, (_, i) => small("a", "OWN", i + 1));
    await publishResults(jetstream(a), pieces, { signal: never, log });
    await publishResults(jetstream(b), [small("b", "OWN", 1)], { signal: never, log });
    await fillTo(0);
    const waiting = publishResults(jetstream(b), [small("b", "OWN", 2)], { signal: never, log });
    await expect.poll(() => lines.length).toBe(1);
    expect(await openRoom().findShortage()).toBeNull();
    expect(await waiting).toBe(1);
    // The newest of a are those of the running attempt.
    const ofA = { subjects_filter: "churnlab.result.a.>" };
    const { state } = await jsm.streams.info(RESULTS_STREAM, ofA);
    const attempts = Object.keys(state.subjects ?? {}).map((subject) =>
      Number(subject.split(".")[5]),
    );
    expect(attempts.toSorted((x, y) => x - y)).toEqual(
      Array.from({ length: 264 }, (_, i) => i + 37),
    );
    expect(await count()).toBe(266);
    expect(lines[1]).toMatch(/300 messages of a wait in it, and one agent may have 264; dropped/);
  });

  it("is made by dropping what is of runs that nobody controls, and of no other", async () => {
    const runs = ["OWN", "ALIVE", "DEAD"];
    const pieces = runs.map((run) => small("a", run, 1));
    await publishResults(jetstream(a), pieces, { signal: never, log });
    await fillTo(8 - 1);
    await openRoom(["ALIVE"]).require(1);
    const { state } = await jsm.streams.info(RESULTS_STREAM, { subjects_filter: ">" });
    expect(
      Object.keys(state.subjects ?? {})
        .map((subject) => subject.split(".")[3])
        .toSorted(),
    ).toEqual(["ALIVE", "OWN"]);
    await expect(openRoom(["ALIVE"]).require(2)).rejects.toMatchObject({
      code: "E_NATS",
      message: expect.stringMatching(/is full: 8 of 10 messages are free, and 2 agents need 16/),
    });
    expect(lines.filter((line) => line.includes("dropped"))).toHaveLength(1);
  });

  it("is not looked for while there is enough", async () => {
    await publishResults(jetstream(a), [small("a", "DEAD", 1)], { signal: never, log });
    await openRoom().require(1);
    expect(await count()).toBe(1);
    expect(lines).toEqual([]);
  });
});

describe("what still waits of a run when its controller ends", () => {
  it("is dropped, and what is of another run is not", async () => {
    const nc = await fleet.connectAs("controller");
    const collector = await openCollector("R", nc);
    const other: ResultPiece = { ...aPiece("a", 1), run: "OTHER" };
    // A part without its totals is never whole: nobody could settle it.
    await publishResults(jetstream(a), [aPiece("a", 1), other], { signal: never, log });
    await collector[Symbol.asyncDispose]();
    const { state } = await jsm.streams.info(RESULTS_STREAM, { subjects_filter: ">" });
    expect(Object.keys(state.subjects ?? {})).toEqual(["churnlab.result.a.OTHER.1.1.0"]);
  });
});

describe("a piece", () => {
  it("that is published again takes the place of the one before, and is delivered again", async () => {
    const js = jetstream(a);
    for (let i = 0; i < 3; i++) await publishResults(js, [aPiece("a", 1)], { signal: never, log });
    const { state } = await jsm.streams.info(RESULTS_STREAM);
    expect([state.messages, state.last_seq]).toEqual([1, 3]);
  });

  it("whose acknowledgement is lost is sent again under the same id: the stream has it already", async () => {
    const js = jetstream(a);
    const acks: boolean[] = [];
    const publish: typeof js.publish = async (...sent) => {
      const ack = await js.publish(...sent);
      acks.push(ack.duplicate);
      if (acks.length === 1) throw new Error("lost on the way");
      return ack;
    };
    const lossy = { publish } as typeof js;
    expect(await publishResults(lossy, [aPiece("a", 1)], { signal: never, log })).toBe(1);
    expect(acks).toEqual([false, true]);
  });

  it("is kept whatever id another agent used before: it cannot guess the piece's own", async () => {
    const [subject, msgID] = ["churnlab.result.a.R.1.1.0", "R/1/1/b/0"];
    expect((await jetstream(a).publish(subject, "forged", { msgID })).duplicate).toBe(false);
    await publishResults(jetstream(b), [aPiece("b", 1)], { signal: never, log });
    const kept = await jsm.streams.getMessage(RESULTS_STREAM, {
      last_by_subj: "churnlab.result.b.R.1.1.0",
    });
    expect(kept?.json()).toEqual(aPiece("b", 1));
  });

  it("is there until it is acknowledged, and not after", async () => {
    const js = jetstream(await fleet.connectAs("controller"));
    await publishResults(jetstream(a), [aPiece("a", 1)], { signal: never, log });
    const durable = { durable_name: "run_R", filter_subject: resultsOfRun("R") };
    await jsm.consumers.add(RESULTS_STREAM, { ...durable, ack_policy: AckPolicy.Explicit });
    const message = await (await js.consumers.get(RESULTS_STREAM, "run_R")).next();
    expect(await count()).toBe(1);
    await message?.ackAck();
    expect(await count()).toBe(0);
  });
});
