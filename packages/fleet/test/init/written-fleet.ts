import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  connect,
  headers,
  type NatsConnection,
  type PublishOptions,
} from "@nats-io/transport-node";
import { type Access, connectionOptions } from "../../src/connection-options.ts";
import { planFleet } from "../../src/init/plan-fleet.ts";
import { writeFleet } from "../../src/init/write-fleet.ts";
import { readAgentFile } from "../../src/limits/agent-file.ts";
import { findFreePort } from "./find-free-port.ts";

/** Its program may come from a cold disk. */
const START_MS_MAX = 60_000;
const FULL = "server.conf";
const BARE = "bare.conf";
/** What a configuration says of JetStream: the server's, and each account's. */
const JETSTREAM = /^jetstream \{[^}]*\}$|^ +jetstream: enabled$/gm;

/** A fleet in a folder of its own, with its server running on a free port of loopback. */
export interface WrittenFleet extends AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  /** Process id of the server. */
  readonly serverPid: number;
  /** Kills the server and starts it again on the same port; by request without its JetStream, as one is that still recovers it. */
  restartServer(how?: { readonly jetStream: boolean }): Promise<void>;
  /** Connects as `controller`, `system` or an agent, with what its file says. */
  connectAs(name: string): Promise<NatsConnection>;
}

/** What `fleet init` is told; absent: this machine, and today. */
interface Writing {
  readonly host?: string;
  readonly now?: Date;
}

export async function startWrittenFleet(
  agents: readonly string[],
  { host = "127.0.0.1", now = new Date() }: Writing = {},
): Promise<WrittenFleet> {
  const directory = mkdtempSync(path.join(tmpdir(), "churnlab-fleet-"));
  const port = await findFreePort();
  const { files } = planFleet({ agents, host, port, now });
  writeFleet(directory, files, false);
  let server: ChildProcess;
  try {
    server = await startServer(directory);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  const connections: NatsConnection[] = [];
  return {
    directory,
    port,
    get serverPid() {
      return server.pid ?? 0;
    },
    restartServer: async ({ jetStream } = { jetStream: true }) => {
      await end(server);
      server = await startServer(directory, jetStream ? FULL : writeBare(directory));
    },
    connectAs: async (name) => {
      const connection = await connect({ ...optionsOf(directory, name), reconnect: false });
      connections.push(connection);
      return connection;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
      await end(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Writes a configuration without JetStream beside the server's own. */
function writeBare(directory: string): string {
  const folder = path.join(directory, "server");
  const text = readFileSync(path.join(folder, FULL), "utf8");
  writeFileSync(path.join(folder, BARE), text.replaceAll(JETSTREAM, ""));
  return BARE;
}

async function startServer(directory: string, file = FULL): Promise<ChildProcess> {
  const server = spawn("nats-server", ["-c", file], {
    cwd: path.join(directory, "server"),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  server.stderr.on("data", (chunk: Buffer) => {
    log = `${log}${chunk.toString()}`.slice(-20_000);
  });
  try {
    await waitUntilReady(server, () => log);
    return server;
  } catch (error) {
    await end(server);
    throw error;
  }
}

/** What the file of `controller`, `system` or an agent says of how to connect. */
export function optionsOf(
  directory: string,
  name: string,
): ReturnType<typeof connectionOptions> & object {
  return connectionOptions(accessOf(directory, name));
}

/** What the file of `controller`, `system` or an agent says of the server. */
export function accessOf(directory: string, name: string): Access {
  const isAgent = name !== "controller" && name !== "system";
  const file = path.join(directory, isAgent ? `agents/${name}.yaml` : `${name}.yaml`);
  const { server, seed, ca } = readAgentFile(file);
  if (server === null) throw new Error(`${file} names no server`);
  return { name, server, seed, ca };
}

/** To publish something so that JetStream knows it by this id. */
export function underId(msgID: string): PublishOptions {
  const named = headers();
  named.set("Nats-Msg-Id", msgID);
  return { headers: named };
}

async function waitUntilReady(server: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  while (!log().includes("Server is ready")) {
    if (server.exitCode !== null || performance.now() > deadline) {
      throw new Error(`nats-server does not start:\n${log()}`);
    }
    await sleep(20);
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill("SIGKILL");
  await once(server, "exit");
}
