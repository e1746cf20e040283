import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishResults } from "../../src/agent/publish-results.ts";
import { piecesOfFailure } from "../../src/agent/result-spool.ts";
import type { ResultCollector } from "../../src/controller/result-collector.ts";
import { makeResultsStream } from "../../src/controller/results-stream.ts";
import { RESULTS_STREAM, RESULTS_SUBJECTS } from "../../src/subjects.ts";
import { optionsOf, startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";
import { openCollector } from "./open-collector.ts";

const KEY = { trial: 1, attempt: 1 };

const OF_A = { run: "R", agent: "a", key: KEY };
const FAILURE = piecesOfFailure(OF_A, new Error("its disk is gone"));

let fleet: WrittenFleet;

beforeEach(async () => {
  fleet = await startWrittenFleet(["a"]);
});
afterEach(() => fleet[Symbol.asyncDispose]());

it("takes results soon after a server is back that could not yet answer when it was connected to", async () => {
  const options = { ...optionsOf(fleet.directory, "controller"), reconnectTimeWait: 20 };
  const nc = await connect(options);
  const jsm = await jetstreamManager(nc);
  await makeResultsStream(jsm);
  const collector = await openCollector("R", nc);
  const report = collector.expect("a", KEY);
  const returned = (async () => {
    for await (const { type } of nc.status()) if (type === "reconnect") return;
  })();
  await fleet.restartServer({ jetStream: false });
  await returned;
  await expect(jsm.streams.list().next()).rejects.toThrow(/jetstream/i);
  await fleet.restartServer();
  const pieces = piecesOfFailure({ run: "R", agent: "a", key: KEY }, new Error("its disk is gone"));
  const js = jetstream(await fleet.connectAs("a"));
  await publishResults(js, pieces, { signal: AbortSignal.timeout(10_000), log: () => {} });
  const late = AbortSignal.timeout(12_000); // the client's own pause is 15 s at least
  const tooLate = new Promise<string>((resolve) => {
    late.addEventListener("abort", () => resolve("nothing came"));
  });
  const came = await Promise.race([report.catch(({ message }: Error) => message), tooLate]);
  expect(came).toContain("its disk is gone");
  await nc.close();
});

/** The reason that comes as the report of a. */
function expectReason(collector: ResultCollector): { readonly came: () => string | null } {
  let reason: string | null = null;
  collector.expect("a", KEY).catch(({ message }: Error) => {
    reason = message;
  });
  return { came: () => reason };
}

async function bring(): Promise<void> {
  const js = jetstream(await fleet.connectAs("a"));
  const signal = AbortSignal.timeout(10_000);
  await publishResults(js, FAILURE, { signal, log: () => {} });
}

describe("a controller that lost its run to another", () => {
  it("takes nothing from it when it ends: neither its consumer, nor what waits for it, nor what comes later", async () => {
    const nc = await fleet.connectAs("controller");
    const jsm = await jetstreamManager(nc);
    await makeResultsStream(jsm);
    let isOwn = true;
    const before = await openCollector("R", nc, { holder: "BEFORE", isOwn: async () => isOwn });
    const missed = expectReason(before);
    isOwn = false;
    const after = await openCollector("R", nc, { holder: "AFTER" });
    const { came } = expectReason(after);
    // The one of before finds its consumer gone, and leaves it so.
    await before.reopen();
    await bring();
    await expect.poll(came).toContain("its disk is gone");
    await before[Symbol.asyncDispose]();
    const left = await jsm.consumers.list(RESULTS_STREAM).next();
    expect(left.map(({ name }) => name)).toEqual(["run_R_AFTER"]);
    const { state } = await jsm.streams.info(RESULTS_STREAM);
    expect([state.messages, missed.came()]).toEqual([1, null]);
    await after[Symbol.asyncDispose]();
    expect((await jsm.streams.info(RESULTS_STREAM)).state.messages).toBe(0);
  });

  it("gives it what it had not stored", async () => {
    const nc = await fleet.connectAs("controller");
    await makeResultsStream(await jetstreamManager(nc));
    const before = await openCollector("R", nc, { holder: "BEFORE", isOwn: async () => false });
    const taken = expectReason(before);
    await bring();
    await expect.poll(taken.came).not.toBeNull();
    const after = await openCollector("R", nc, { holder: "AFTER" });
    await expect.poll(expectReason(after).came).toContain("its disk is gone");
  });
});

describe("results whose consumer or stream is taken away while they are waited for", () => {
  it.each([
    ["consumer", (jsm: JetStreamManager) => jsm.consumers.delete(RESULTS_STREAM, "run_R_H")],
    ["stream", (jsm: JetStreamManager) => jsm.streams.delete(RESULTS_STREAM)],
  ])(
    "come all the same without the %s, which is made again: nobody need wait for the next trial",
    async (_what, take) => {
      const nc = await fleet.connectAs("controller");
      const jsm = await jetstreamManager(nc);
      await makeResultsStream(jsm);
      const collector = await openCollector("R", nc);
      const { came } = expectReason(collector);
      await take(jsm);
      await bring();
      await expect.poll(came).toContain("its disk is gone");
      await collector[Symbol.asyncDispose]();
    },
  );

  it("come when the server could not make the stream again at first", async () => {
    const nc = await fleet.connectAs("controller");
    const jsm = await jetstreamManager(nc);
    await makeResultsStream(jsm);
    let isHindered = false;
    const isOwn = async (): Promise<boolean> => {
      if (isHindered) return true;
      isHindered = true;
      // What has its subjects is in the way of the stream.
      await jsm.streams.add({ name: "OTHER", subjects: [RESULTS_SUBJECTS] });
      return true;
    };
    const collector = await openCollector("R", nc, { isOwn });
    const { came } = expectReason(collector);
    await jsm.streams.delete(RESULTS_STREAM);
    await expect(collector.reopen()).rejects.toThrow(/subjects overlap/);
    await jsm.streams.delete("OTHER");
    // Nobody but the collector itself asks for it.
    await bring();
    await expect.poll(came, { timeout: 10_000 }).toContain("its disk is gone");
    await collector[Symbol.asyncDispose]();
  });
});
