import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, it } from "vitest";
import { publishResults } from "../../src/agent/publish-results.ts";
import { piecesOfFailure } from "../../src/agent/result-spool.ts";
import { makeResultsStream } from "../../src/controller/results-stream.ts";
import { optionsOf, startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";
import { openCollector } from "./open-collector.ts";

const KEY = { trial: 1, attempt: 1 };

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
