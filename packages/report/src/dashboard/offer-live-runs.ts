import { chmodSync, readdirSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import type { LiveFeed } from "../live/live-feed.ts";
import { LIVE_SOCKET_SUFFIX, liveSocketPath, realPath } from "./live-socket-path.ts";
import { StreamHub } from "./stream-hub.ts";

/**
 * Lets other processes of this machine follow the runs of this one, through a socket beside the database: whoever may read
 * the one may read the other. Nobody waits for a reader: one that is behind is left out, and without any no text is made.
 * Where there cannot be a socket, runs are followed trial by trial in the database.
 */
export function offerLiveRuns(databaseFile: string, feed: LiveFeed): Disposable {
  removeLeftSockets(databaseFile);
  let offer: LiveOffer | null = null;
  const leave = feed.listen((message) => {
    if (message.type === "begin") {
      offer?.[Symbol.dispose]();
      offer = new LiveOffer(databaseFile, message.plan.runId);
    }
    offer?.hub.publish(message);
    if (message.type === "end") offer?.[Symbol.dispose]();
  });
  return {
    [Symbol.dispose]() {
      leave();
      offer?.[Symbol.dispose]();
    },
  };
}

/** The socket of one run, and those who read from it. */
class LiveOffer implements Disposable {
  readonly hub = new StreamHub("process");
  readonly #server: Server;
  readonly #readers = new Set<Socket>();

  constructor(databaseFile: string, runId: string) {
    this.#server = createServer((socket) => {
      // What a reader sends is dropped, and one that goes is no concern of the run.
      socket.on("error", () => {}).resume();
      socket.unref();
      if (!this.hub.open(socket, null)) {
        socket.destroy();
        return;
      }
      this.#readers.add(socket);
      socket.once("close", () => this.#readers.delete(socket));
    });
    this.#server.on("error", () => {}).unref();
    const file = liveSocketPath(databaseFile, runId);
    if (file === null) return;
    // A run that was killed and is resumed has left its own.
    removeFile(file);
    this.#server.listen(file, () => letReadersIn(file, databaseFile));
  }

  [Symbol.dispose](): void {
    this.hub[Symbol.dispose]();
    this.#server.close();
    // What a reader has not taken yet would keep the process alive, however much its socket is not waited for.
    for (const reader of this.#readers) if (reader.writableLength > 0) reader.destroy();
  }
}

/** To connect takes the right to write to a socket (unix(7)); who may read the database gets it. */
function letReadersIn(socketFile: string, databaseFile: string): void {
  try {
    const readable = statSync(databaseFile).mode & 0o444;
    chmodSync(socketFile, readable | (readable >> 1) | 0o600);
  } catch {
    // Then only its owner follows.
  }
}

/** A killed run leaves its socket; it is one that nobody answers at. */
function removeLeftSockets(databaseFile: string): void {
  const file = realPath(databaseFile);
  const start = `${path.basename(file)}-`;
  for (const name of listFolder(path.dirname(file))) {
    if (!name.startsWith(start) || !name.endsWith(LIVE_SOCKET_SUFFIX)) continue;
    const runId = name.slice(start.length, -LIVE_SOCKET_SUFFIX.length);
    const left = liveSocketPath(databaseFile, runId);
    if (left === null) continue;
    const probe = connect(left, () => probe.destroy());
    probe.unref().on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED") removeFile(left);
    });
  }
}

function removeFile(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It is another user's.
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
