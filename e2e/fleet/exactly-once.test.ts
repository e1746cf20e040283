import { randomUUID } from "node:crypto";
import {
  EMPTY_SHARD_REPORT,
  EMPTY_TALLY,
  emptyTrialRecord,
  parseScenario,
  planTrials,
  type ShardReport,
  type Trial,
} from "@churnlab/core";
import { connectNats } from "@churnlab/fleet";
import { openStore, type Store } from "@churnlab/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { piecesOfReport } from "../../packages/fleet/src/agent/result-spool.ts";
import { openJetStream } from "../../packages/fleet/src/controller/open-jetstream.ts";
import { ResultCollector } from "../../packages/fleet/src/controller/result-collector.ts";
import { resultSubject } from "../../packages/fleet/src/subjects.ts";
import { type RunningFleet, startFleet, until } from "./start-fleet.ts";

const scenario = parseScenario(
  "version: 1\nname: once\nworkload: { kind: short-lived, arrival: { rate: 10/s } }\nreplicates: 1\n",
  "once.yaml",
);
const plan = planTrials(scenario);
const trial = plan.trials[0] as Trial;

function reportOf(attempted: number): ShardReport {
  const connections = { ...EMPTY_TALLY.connections, attempted };
  return {
    ...EMPTY_SHARD_REPORT,
    agent: "a1",
    engineReason: "x".repeat(300_000), // more than one piece
    tally: { ...EMPTY_TALLY, connections },
  };
}

let fleet: RunningFleet;
let nc: Awaited<ReturnType<typeof connectNats>>;
let store: Store;
let run: string;
const late: string[] = [];

beforeAll(async () => {
  fleet = await startFleet([]);
  nc = await connectNats({ name: "test", server: fleet.url, seed: null, ca: null });
  store = openStore(`${fleet.folder}/once.db`, { mode: "write" });
  run = store.startRun({ scenario, plan, version: "0.1.0", startedAtUnixMs: Date.now(), tags: {} });
});
afterAll(async () => {
  store.close();
  await nc.close();
  await fleet[Symbol.asyncDispose]();
});

/** A controller of the run, as each start of one opens it. */
async function collect(): Promise<ResultCollector> {
  const { js, jsm } = await openJetStream(nc);
  return ResultCollector.open(run, {
    holder: randomUUID(),
    isOwn: async () => true,
    js,
    jsm,
    ledger: {
      has: (piece) => store.hasPiece(run, piece),
      lastAttempt: () => store.lastFleetAttempt(run),
      keepLate: (pieces) => store.keepLatePieces(run, pieces),
    },
    room: { findShortage: async () => null },
    acknowledge: (delivery) => nc.publish(delivery, "+ACK"),
    onLate: (agent, { attempt }) => late.push(`${agent}/${attempt}`),
  });
}

/** Without an id that the server could know it by: only the controller can tell that it came before. */
async function send(attempt: number): Promise<number> {
  const origin = { run, agent: "a1", key: { trial: trial.id, attempt } };
  const pieces = piecesOfReport(origin, reportOf(7));
  const { js } = await openJetStream(nc);
  for (const piece of pieces) {
    const subject = resultSubject({ agent: "a1", run, ...origin.key, seq: piece.seq });
    await js.publish(subject, JSON.stringify(piece));
  }
  return pieces.length;
}

const outcome = {
  state: "aborted",
  phase: null,
  record: emptyTrialRecord({ startedAtUnixMs: 0, measureMs: 0 }),
} as const;

describe("pieces of results that are delivered more than once", () => {
  const FIRST = 100_001;
  const SECOND = 200_001;
  let count = 0;

  it("count once with the controller that waits for them", async () => {
    await using collector = await collect();
    const key = { trial: trial.id, attempt: FIRST };
    const report = collector.expect("a1", key);
    count = await send(FIRST);
    expect(count).toBeGreaterThan(2);
    expect((await report).tally.connections.attempted).toBe(7);
    for (const again of [1, 2]) {
      await send(FIRST);
      await expect.poll(() => collector.duplicates).toBe(again * count);
    }
    const pieces = collector.piecesOf("a1", key);
    expect(pieces).toHaveLength(count);
    store.saveAttempt(run, { trial, outcome, attempt: 1, pieces });
    collector.settle(key, new Set(["a1"]));
  });

  it("count once also when an agent brings all of them again to a later controller, which tells it so", async () => {
    await using collector = await collect();
    await send(FIRST); // and those whose acknowledgement went with the consumer of before
    await expect.poll(() => collector.duplicates).toBeGreaterThanOrEqual(count);
    expect(late).toContain(`a1/${FIRST}`);
    for (const piece of Array(count).keys()) {
      const id = { trial: trial.id, attempt: FIRST, agent: "a1", piece };
      expect(store.hasPiece(run, id)).toBe(true);
    }
    late.length = 0;
  });

  it("are kept once when their attempt is over, and the agent is told", async () => {
    await using collector = await collect();
    await send(SECOND);
    expect(await until(() => late.includes(`a1/${SECOND}`), 5000)).toBe(true);
    const before = collector.duplicates;
    await send(SECOND);
    await expect.poll(() => collector.duplicates).toBeGreaterThanOrEqual(before + count);
    const id = { trial: trial.id, attempt: SECOND, agent: "a1", piece: count - 1 };
    expect(store.hasPiece(run, id)).toBe(true);
  });

  it("are none of an agent's that published them under another's name", async () => {
    await using collector = await collect();
    const { js } = await openJetStream(nc);
    const [piece] = piecesOfReport(
      { run, agent: "a1", key: { trial: 0, attempt: 9 } },
      reportOf(1),
    );
    const subject = resultSubject({ agent: "a2", run, trial: 0, attempt: 9, seq: 0 });
    await js.publish(subject, JSON.stringify(piece));
    await expect.poll(() => collector.strays).toBe(1);
  });
});
