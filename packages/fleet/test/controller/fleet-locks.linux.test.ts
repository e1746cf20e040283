import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FleetLocks } from "../../src/controller/fleet-locks.ts";
import { LockStore } from "../../src/controller/lock-store.ts";
import { isBefore, NO_FENCE } from "../../src/messages/fence.ts";
import { controllerHeartbeatSubject, LOCKS_BUCKET } from "../../src/subjects.ts";
import { startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";

const BUCKET = `KV_${LOCKS_BUCKET}`;
/** What the client says where nobody takes a message. */
const NOT_TAKEN = /no responders|jetstream is not enabled/i;

let fleet: WrittenFleet;
let nc: NatsConnection;

beforeAll(async () => {
  fleet = await startWrittenFleet(["a"]);
  nc = await fleet.connectAs("controller");
});
afterAll(() => fleet[Symbol.asyncDispose]());

async function openLocks(run: string): Promise<FleetLocks> {
  const jsm = await jetstreamManager(nc);
  const locks = new FleetLocks(await LockStore.open(jetstream(nc), jsm), nc, { run, holder: run });
  await locks.check();
  return locks;
}

/** The heartbeats of a living controller. */
function beatAs(run: string): Disposable {
  const beat = (): void =>
    nc.publish(controllerHeartbeatSubject(run), JSON.stringify({ run, holder: run, seq: 0 }));
  const timer = setInterval(beat, 200);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

test("a lock that another took while its holder slept is not held after a look, whatever newer ones the holder has", async () => {
  const sleeper = await openLocks("S");
  await sleeper.acquire("agent.x");
  const other = await openLocks("O");
  const garbage = setInterval(() => nc.publish(controllerHeartbeatSubject("S"), "{"), 200);
  await other.acquire("agent.x"); // S is not heard: it sleeps, and whatever else is said in its name is no heartbeat
  clearInterval(garbage);
  using _beating = beatAs("O");
  await sleeper.acquire("agent.y");
  const [mine, its] = [sleeper.fenceOf("agent.x"), other.fenceOf("agent.x")];
  expect(isBefore(mine, its)).toBe(true);
  expect(isBefore(its, sleeper.fenceOf("agent.y"))).toBe(true);
  await sleeper.acquire("agent.x"); // believed to be held
  await sleeper.check();
  await expect(sleeper.acquire("agent.x")).rejects.toMatchObject({
    code: "E_FLEET_LOCKED",
    message: expect.stringContaining("Run O has the agent x"),
  });
  await sleeper.acquire("agent.y");
  await Promise.all([sleeper.release(), other.release()]);
});

test("what is refused in part leaves nothing held, so that the other can have it", async () => {
  const [holder, wanting, third] = [
    await openLocks("H"),
    await openLocks("W"),
    await openLocks("T"),
  ];
  using _beating = beatAs("H");
  await holder.acquire("agent.p2");
  await expect(wanting.acquireAll(["agent.p1", "agent.p2", "agent.p3"])).rejects.toMatchObject({
    code: "E_FLEET_LOCKED",
    message: expect.stringContaining("Run H has the agent p2"),
  });
  await third.acquireAll(["agent.p1", "agent.p3"]); // nobody beats as W: had it kept one, it would be waited for
  await Promise.all([holder.release(), wanting.release(), third.release()]);
});

test("what a dead one left is had by who asks for it twice at one moment", async () => {
  await (await openLocks("D")).acquire("agent.left");
  const next = await openLocks("N");
  await Promise.all([next.acquire("agent.left"), next.acquire("agent.left")]);
  expect(await next.keeps("agent.left")).toBe(true);
  await next.release();
});

test("of two that want the same agents at one moment, one has all of them", async () => {
  const [a, b] = [await openLocks("A"), await openLocks("B")];
  using _a = beatAs("A");
  using _b = beatAs("B");
  const keys = ["agent.q1", "agent.q2", "agent.q3", "agent.q4"];
  const settled = await Promise.allSettled([a.acquireAll(keys), b.acquireAll(keys.toReversed())]);
  expect(settled.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await Promise.all([a.release(), b.release()]);
});

test("locks of a store that is gone are taken again in the new one, where every fence comes after all before", async () => {
  const locks = await openLocks("L");
  await locks.acquire("agent.z");
  const before = locks.fenceOf("agent.z");
  await sleep(5);
  await (await jetstreamManager(nc)).streams.delete(BUCKET);
  await locks.check();
  const after = locks.fenceOf("agent.z");
  expect(after.revision).toBeLessThan(before.revision);
  expect(isBefore(before, after)).toBe(true);
  using _beating = beatAs("L");
  const other = await openLocks("M");
  await expect(other.acquire("agent.z")).rejects.toMatchObject({ code: "E_FLEET_LOCKED" });
  await locks.release();
});

test("a lock that the new store did not take at first is wanted until it does, or until another has it", async () => {
  const locks = await openLocks("K");
  const keys = ["run.K", "agent.k", "agent.other"];
  await locks.acquireAll(keys);
  const before = keys.map((key) => locks.fenceOf(key));
  const jsm = await jetstreamManager(nc);
  const made = await jsm.streams.info(BUCKET);
  await jsm.streams.delete(BUCKET);
  // A bucket that takes no key yet.
  await jsm.streams.add({ ...made.config, subjects: ["$KV.none.>"] });
  await expect(locks.check()).rejects.toThrow(NOT_TAKEN);
  await expect(locks.keeps("run.K")).rejects.toThrow(NOT_TAKEN);
  await jsm.streams.update(BUCKET, made.config);
  using _beating = beatAs("N");
  await (await openLocks("N")).acquire("agent.other");
  expect(await locks.keeps("run.K")).toBe(true);
  expect(await locks.keeps("agent.other")).toBe(false);
  const isLater = keys.map((key, at) => isBefore(before[at] ?? NO_FENCE, locks.fenceOf(key)));
  expect(isLater).toEqual([true, true, false]);
  await locks.release();
});

test("a lock that nobody has any more is taken again by who had it, one that another has is not", async () => {
  const [locks, other] = [await openLocks("G"), await openLocks("I")];
  await locks.acquire("run.G");
  await other.acquire("run.G"); // G is not heard
  expect(await locks.keeps("run.G")).toBe(false);
  await other.release();
  expect(await locks.keeps("run.G")).toBe(true);
  await other.check();
  expect(await other.keeps("run.G")).toBe(false);
  await locks.release();
});

test("a look at locks that nobody touched asks the server one question", async () => {
  const locks = await openLocks("Q");
  for (const name of ["a", "b", "c", "d"]) await locks.acquire(`agent.${name}`);
  await locks.check();
  const before = nc.stats().outMsgs;
  await locks.check();
  expect(nc.stats().outMsgs - before).toBe(1);
  await locks.release();
  expect(locks.fenceOf("agent.none")).toEqual(NO_FENCE);
});

test("what is no lock is nobody's: it is taken over by its revision", async () => {
  const store = await LockStore.open(jetstream(nc), await jetstreamManager(nc));
  const written = await store.kv.put("agent.odd", '{"stream":"CHURNLAB_RESULTS", "seq":2}');
  const locks = await openLocks("R");
  await locks.acquire("agent.odd");
  expect(locks.fenceOf("agent.odd").revision).toBe(written + 1);
  await locks.release();
});
