import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { COUNTS_LINE, COUNTS_SIGNAL, parseCounts } from "../../src/target/server-counts.ts";
import { threadEntry } from "../../src/thread-entry.ts";
import { aWorkload, closed } from "../fixtures/a-workload.ts";

/** A server leaves 256 descriptors to the rest of its process. */
const SLOTS = 50;
const OPEN_FILES = 256 + SLOTS;
const DIALLED = 80;

type Server = ChildProcessByStdio<null, Readable, null>;

/** A built-in server as a process of its own, with a limit on open files; resolves with its port. */
async function startServer(name: string): Promise<{ child: Server; port: number }> {
  const { url, execArgv } = threadEntry("target/target-main");
  const job = { host: "127.0.0.1", port: 0, backlog: 128, delayMs: 0, misbehaviour: "none" };
  const workload = aWorkload({ kind: "hold", arrival: closed(DIALLED) });
  const order = JSON.stringify({ server: name, job: { ...job, workload } });
  const command = [process.execPath, ...execArgv, url.pathname];
  const child = spawn("prlimit", [`--nofile=${OPEN_FILES}`, "--", ...command], {
    env: { ...process.env, CHURNLAB_TARGET: order },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  });
  const listening = await lineOf(child, " listens on ");
  return { child, port: Number(/port (\d+)/.exec(listening)?.[1]) };
}

async function lineOf(child: Server, part: string): Promise<string> {
  for (;;) {
    const [chunk] = (await once(child.stdout, "data")) as [Buffer];
    const line = String(chunk)
      .split("\n")
      .find((each) => each.includes(part));
    if (line !== undefined) return line;
  }
}

async function askCounts(child: Server) {
  const answer = lineOf(child, COUNTS_LINE);
  child.kill(COUNTS_SIGNAL);
  return parseCounts(await answer);
}

async function dial(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

const ASK = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Which of the sockets are answered within a second of the first. */
async function askAll(sockets: readonly net.Socket[]): Promise<net.Socket[]> {
  const answered = new Set<net.Socket>();
  for (const socket of sockets) {
    socket.once("data", () => answered.add(socket));
    if (socket.writable) socket.write(ASK);
  }
  for (let wait = 0; wait < 100 && answered.size < SLOTS; wait += 1) await sleep(20);
  // Whoever is answered beyond that is one too many.
  await sleep(100);
  return [...answered];
}

/** Asks on the others as room is made for them, and returns how many are answered. */
async function askOthers(sockets: readonly net.Socket[], answered: readonly net.Socket[]) {
  const others = sockets.filter((socket) => !answered.includes(socket));
  const ends = others.map(
    async (socket) =>
      new Promise<number>((resolve) => {
        socket.once("data", () => resolve(1));
        socket.once("close", () => resolve(0));
        if (socket.closed) resolve(0);
      }),
  );
  for (const socket of answered) socket.end();
  return (await Promise.all(ends)).reduce((sum, each) => sum + each, 0);
}

test("epoll holds as many connections as its limit on open files leaves; the rest waits in the accept queue until there is room", async () => {
  const { child, port } = await startServer("epoll");
  const sockets: net.Socket[] = [];
  for (let index = 0; index < DIALLED; index += 1) sockets.push(await dial(port));
  const answered = await askAll(sockets);
  expect(answered).toHaveLength(SLOTS);
  const { acceptFailures, requests } = await askCounts(child);
  expect(requests).toBe(SLOTS);
  expect(Object.keys(acceptFailures)).toEqual(["accept_failures.EMFILE"]);
  expect(await askOthers(sockets, answered)).toBe(DIALLED - SLOTS);
});

test("ring does so too, but for the one connection by which the kernel finds the table full", async () => {
  const { child, port } = await startServer("ring");
  const sockets: net.Socket[] = [];
  for (let index = 0; index < DIALLED; index += 1) sockets.push(await dial(port));
  const answered = await askAll(sockets);
  expect(answered).toHaveLength(SLOTS);
  const full = { "accept_failures.ENFILE": 1 };
  expect(await askCounts(child)).toMatchObject({ requests: SLOTS, acceptFailures: full });
  expect(await askOthers(sockets, answered)).toBe(DIALLED - SLOTS - 1);
  expect(await askCounts(child)).toMatchObject({ acceptFailures: full });
});

test.each(["net", "fastify"])(
  "%s holds as many as its limit leaves, and counts those that Node closes for want of a descriptor",
  async (name) => {
    const { child, port } = await startServer(name);
    const sockets: net.Socket[] = [];
    for (let index = 0; index < DIALLED; index += 1) sockets.push(await dial(port));
    expect(await askAll(sockets)).toHaveLength(SLOTS);
    const { acceptFailures, requests } = await askCounts(child);
    expect(requests).toBe(SLOTS);
    expect(acceptFailures).toEqual({ "accept_failures.EMFILE": DIALLED - SLOTS });
  },
);
