import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { LiveMessage, LiveSnapshot } from "../../src/live/live-message.ts";
import { playRun } from "../fixtures/play-run.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";
import { openDashboard, readEvents, type ServerSentEvent } from "./open-dashboard.ts";

const ONE_TRIAL = TW_REUSE.replace("replicates: 6", "replicates: 1");

/** Every message that a run gives, in order. */
async function playAndListen(
  opened: Awaited<ReturnType<typeof openDashboard>>,
): Promise<LiveMessage[]> {
  const messages: LiveMessage[] = [];
  const leave = opened.feed.listen((message) => messages.push(message));
  await playRun(opened, ONE_TRIAL);
  leave();
  return messages;
}

describe("the stream of a run that goes on", { timeout: 30_000 }, () => {
  it("begins with a snapshot that says everything so far", async () => {
    await using opened = await openDashboard();
    await playRun(opened, ONE_TRIAL);
    const [first] = await readEvents(opened.at("/api/stream"), 1);
    expect(first?.type).toBe("snapshot");
    const snapshot = snapshotOf(first);
    expect(snapshot).toMatchObject({ phase: "ended", origin: "process", endState: "completed" });
    expect(
      Object.fromEntries(snapshot.results.map(({ variant, failed }) => [variant, failed])),
    ).toEqual({ baseline: 1152, "tw_reuse=1": 0 });
    expect(Math.max(...(snapshot.series["client.time_wait"]?.max ?? []))).toBeGreaterThanOrEqual(
      400,
    );
  });

  it("goes on after the last event that a page has seen, and loses none", async () => {
    await using opened = await openDashboard();
    opened.feed.end("before");
    const [seen] = await readEvents(opened.at("/api/stream"), 1);
    const messages = await playAndListen(opened);
    const missed = await readEvents(opened.at("/api/stream"), messages.length, {
      "last-event-id": seen?.id ?? "",
    });
    expect(missed.map(({ data }) => data)).toEqual(JSON.parse(JSON.stringify(messages)));
  });

  it("gives a snapshot to a page that has missed too much or comes from another server", async () => {
    await using opened = await openDashboard();
    const [seen] = await readEvents(opened.at("/api/stream"), 1);
    for (let i = 0; i < 1000; i++) opened.feed.end(String(i));
    const ids = [seen?.id ?? "", "0000-1", "'; DROP TABLE run"];
    const firsts = await Promise.all(
      ids.map(async (id) => {
        const [event] = await readEvents(opened.at("/api/stream"), 1, { "last-event-id": id });
        return event?.type;
      }),
    );
    expect(firsts).toEqual(["snapshot", "snapshot", "snapshot"]);
  });

  it("refuses more streams than it has room for, serves on, and takes new ones when others leave", async () => {
    await using opened = await openDashboard();
    const leave = new AbortController();
    const responses = await Promise.all(
      Array.from({ length: 1000 }, () => fetch(opened.at("/api/stream"), { signal: leave.signal })),
    );
    const countOf = (status: number): number =>
      responses.filter((response) => response.status === status).length;
    expect({ taken: countOf(200), refused: countOf(503) }).toEqual({ taken: 64, refused: 936 });
    expect((await fetch(opened.at("/healthz"))).status).toBe(200);
    leave.abort();
    while (opened.dashboard.streams() > 0) await sleep(5);
    expect(await readEvents(opened.at("/api/stream"), 1)).toHaveLength(1);
  });

  it("gives the place of a reader that reads nothing to a page, when all are taken", async () => {
    await using opened = await openDashboard();
    const { port } = new URL(opened.dashboard.address);
    const sockets = Array.from({ length: 64 }, () => {
      const socket = connect(Number(port), "127.0.0.1").pause();
      socket.on("error", () => {});
      socket.write("GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
      return socket;
    });
    while (opened.dashboard.streams() < sockets.length) await sleep(5);
    expect((await fetch(opened.at("/api/stream"))).status).toBe(503);
    // More than the kernel keeps for them.
    const endState = "x".repeat(100_000);
    for (let i = 0; i < 100; i++) {
      opened.feed.end(endState);
      await sleep(1);
    }
    await expect
      .poll(async () => await readEvents(opened.at("/api/stream"), 1), {
        timeout: 15_000,
        interval: 500,
      })
      .toHaveLength(1);
    expect(opened.dashboard.streams()).toBeLessThanOrEqual(64);
    for (const socket of sockets) socket.destroy();
  });

  it("sends nothing to a reader that fell behind, and one snapshot in place of that once it reads again", async () => {
    await using opened = await openDashboard();
    const { port } = new URL(opened.dashboard.address);
    let text = "";
    const socket = connect(Number(port), "127.0.0.1").setEncoding("utf8").pause();
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    const typesSeen = (): string[] => [...text.matchAll(/^event: (\S+)$/gm)].map(([, t = ""]) => t);
    socket.write("GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (opened.dashboard.streams() < 1) await sleep(5);
    // More than the kernel keeps for it and the server lets wait.
    const published = 200;
    for (let i = 0; i < published; i++) {
      opened.feed.end(`${i} ${"x".repeat(100_000)}`);
      await sleep(0);
    }
    socket.resume();
    const isSnapshot = (type: string): boolean => type === "snapshot";
    await expect
      .poll(
        () => {
          opened.feed.end("at last");
          return typesSeen().filter(isSnapshot).length;
        },
        { timeout: 15_000 },
      )
      .toBe(2);
    const types = typesSeen();
    expect(isSnapshot(types[0] ?? "")).toBe(true);
    // What came before it fell behind came one by one, and much was never sent.
    const second = types.findLastIndex(isSnapshot);
    expect(second).toBeGreaterThan(1);
    expect(second).toBeLessThan(published / 2 + 1);
    expect(text.slice(text.lastIndexOf("event: snapshot"))).toContain('"endState":"at last"');
    socket.destroy();
  });

  it("does not wait for readers that read nothing: a run plays to its end, and memory stays bounded", async () => {
    await using opened = await openDashboard();
    const { port } = new URL(opened.dashboard.address);
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.pause();
      socket.write("GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
      return socket;
    });
    while (opened.dashboard.streams() < sockets.length) await sleep(5);
    const heapBefore = usedHeap();
    // As much as 20 readers with 256 kB each, and what their sockets take, could never hold.
    const values = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`client.metric${i}`, Math.random()]),
    );
    for (let i = 0; i < 20_000; i++) {
      opened.feed.addSample({ tMs: i, values });
      if (i % 100 === 0) {
        opened.feed.end("flush");
        await sleep(0);
      }
    }
    expect(usedHeap() - heapBefore).toBeLessThan(120e6);
    await playRun(opened, ONE_TRIAL);
    const [event] = await readEvents(opened.at("/api/stream"), 1);
    expect(snapshotOf(event).results).toHaveLength(2);
    for (const socket of sockets) socket.destroy();
  });
});

function snapshotOf(event: ServerSentEvent | undefined): LiveSnapshot {
  if (event?.type !== "snapshot") throw new Error(`expected a snapshot, not ${event?.type}`);
  return (event.data as Extract<LiveMessage, { type: "snapshot" }>).snapshot;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Without what only waits to be collected. */
function usedHeap(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
