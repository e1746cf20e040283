import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ResultPieceId } from "@churnlab/core";
import {
  type Access,
  FleetTestbed,
  planFleet,
  type ResultLedger,
  writeFleet,
} from "@churnlab/fleet";
import { createNetworkNamespace, type NetworkNamespace } from "@churnlab/linux";
import { findFreePort } from "../../packages/fleet/test/init/find-free-port.ts";
import { accessOf } from "../../packages/fleet/test/init/written-fleet.ts";
import { listChangedSysctls, openStayingHosts, type StayingHost } from "./staying-hosts.ts";

export const BIN: string = path.resolve(import.meta.dirname, "../../packages/cli/bin/churnlab.mjs");
const START_MS_MAX = 60_000;
/** As errors of a fleet suggest it. */
export const BRIDGE = "churn0";
/** As the agents under test say it. */
export const VERSION = "0.1.0";

export interface AgentSpec {
  readonly name: string;
  readonly role: "load" | "target";
  readonly addresses: readonly string[];
  readonly clockOffsetMs?: number;
  /** Its sides live in one namespace that outlives them: what a trial changes there has to be written back. */
  readonly stays?: boolean;
  /** Where its sides live; absent: fresh namespaces at the bridge. */
  readonly network?: readonly string[];
  /** Flags beside those. */
  readonly flags?: readonly string[];
  /** The namespace that its process is in; absent: this one. */
  readonly home?: NetworkNamespace;
  /** Whose spool it has; absent: its own. */
  readonly spool?: string;
  /** Its spool is a disk of its own, of so many KiB, that nobody else sees. */
  readonly spoolKib?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where the server and its controllers are; absent: on loopback. */
export interface Hub {
  readonly namespace: NetworkNamespace;
  readonly address: string;
}

/** A process whose stderr is kept. */
export interface Started {
  readonly child: ChildProcess;
  log(): string;
  /** Resolves when stderr has shown the text; rejects when the process ended without. */
  shows(text: string): Promise<void>;
}

/** Agents as processes of their own, with a nats-server of their own, on a bridge of their own: nothing of the host is used. */
export interface RunningFleet extends AsyncDisposable {
  readonly url: string;
  /** What tells a command where the server is. */
  readonly reach: readonly string[];
  readonly folder: string;
  /** The nats-server that runs now. */
  server(): Started;
  readonly agents: ReadonlyMap<string, Started>;
  /** Where the bridge is. */
  readonly lan: NetworkNamespace;
  /** Pieces of results that came when their attempt was over, by what they are known by. */
  readonly late: ReadonlyMap<string, string>;
  /** The spool of an agent, as it sees it. */
  spoolOf(name: string): string;
  open(run: string, churnlab?: string): Promise<FleetTestbed>;
  startAgent(spec: AgentSpec): Promise<Started>;
  /** Starts an agent that nobody waits for: it may be refused. */
  begin(spec: AgentSpec): Started;
  /** Starts any churnlab command in the folder of the fleet. */
  start(args: readonly string[]): Started;
  /** Devices at the bridge: one per host of a trial that is there. */
  countHosts(): number;
  /** Sysctls of namespaces that stay which are not what they were, of those that `CHANGED_SYSCTLS` names. */
  listChanged(): string[];
  killServer(): Promise<void>;
  startServer(): Promise<void>;
}

/** `keys`: whom the server lets in, each with a key of its own, beside the controller; absent: everybody. */
export async function startFleet(
  specs: readonly AgentSpec[],
  hub: Hub | null = null,
  keys: readonly string[] | null = null,
): Promise<RunningFleet> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), "churnlab-fleet-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const lan = stack.use(createNetworkNamespace());
  const ip = (...args: readonly string[]): string =>
    lan.run(() => spawnSync("ip", args, { encoding: "utf8" })).stdout;
  ip("link", "add", BRIDGE, "type", "bridge");
  ip("link", "set", BRIDGE, "up");
  const programs = stack.use(new Programs(folder));
  const port = await findFreePort();
  const host = hub?.address ?? "127.0.0.1";
  const entry =
    keys === null ? openEntry(folder, host, port) : keyedEntry({ folder, host, port }, keys);
  const { url } = entry;
  const inHub = { home: hub?.namespace };
  let server: Started | null = null;
  const startServer = async (): Promise<void> => {
    server = programs.start(["nats-server", ...entry.server], { ...inHub, below: entry.below });
    await server.shows("Server is ready");
  };
  const killServer = async (): Promise<void> => {
    if (server !== null) await end(server.child);
  };
  await startServer();
  const staying = openStayingHosts(specs, { lan, bridge: BRIDGE, stack });
  const own = new Set(listDevices(lan));
  const agents = new Map<string, Started>();
  const directoryOf = (name: string): string => path.join(folder, `spool-${name}`);
  const begin = (spec: AgentSpec): Started => {
    const spool = directoryOf(spec.spool ?? spec.name);
    const network = networkOf(spec, staying, lan);
    const access = entry.flagOf(spec.name);
    return programs.start(commandOf(spec, { access, spool, network }), spec);
  };
  const startAgent = async (spec: AgentSpec): Promise<Started> => {
    const started = begin(spec);
    await started.shows("serves with");
    agents.set(spec.name, started);
    return started;
  };
  await Promise.all(specs.map((spec) => startAgent(spec)));
  const late = new Map<string, string>();
  const held = stack.move();
  return {
    url,
    reach: entry.reach,
    folder,
    server: () => required(server),
    agents,
    lan,
    late,
    spoolOf: (name) => `/proc/${agents.get(name)?.child.pid}/root${directoryOf(name)}`,
    open: (run, churnlab = VERSION) =>
      FleetTestbed.open({ access: entry.controller, churnlab, run, ledger: ledgerOf(late) }),
    startAgent,
    begin,
    start: (args) => programs.start([process.execPath, BIN, ...args], inHub),
    countHosts: () => listDevices(lan).filter((device) => !own.has(device)).length,
    listChanged: () => staying.flatMap(listChangedSysctls),
    killServer,
    startServer,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function required(server: Started | null): Started {
  if (server === null) throw new Error("no server was started");
  return server;
}

/** All of a namespace, by their names. */
function listDevices(namespace: NetworkNamespace): string[] {
  const shown = namespace.run(() => readFileSync("/proc/thread-self/net/dev", "utf8"));
  return [...shown.matchAll(/^ *([^\s:]+):/gm)].map(([, name = ""]) => name);
}

/** How a server is started, and whom it lets in by what. */
interface Entry {
  readonly url: string;
  /** Arguments of nats-server, and the folder below the fleet's where it is started. */
  readonly server: readonly string[];
  readonly below: string;
  readonly controller: Access;
  /** What a controller's command line says of it. */
  readonly reach: readonly string[];
  /** What an agent's command line says of it. */
  flagOf(agent: string): string;
}

function openEntry(folder: string, host: string, port: number): Entry {
  const url = `nats://${host}:${port}`;
  const insecure = host !== "127.0.0.1";
  return {
    url,
    server: ["-a", host, "-p", String(port), "--jetstream", "--store_dir", folder],
    below: "",
    controller: { name: "controller", server: url, seed: null, ca: null, insecure },
    reach: ["--nats", url, ...(insecure ? ["--insecure"] : [])],
    flagOf: () => `--nats=${url}`,
  };
}

/** As `churnlab fleet init` writes it. */
function keyedEntry(
  { folder, host, port }: { readonly folder: string; readonly host: string; readonly port: number },
  agents: readonly string[],
): Entry {
  const { files, url } = planFleet({ agents, host, port, now: new Date() });
  writeFleet(folder, files, false);
  return {
    url,
    server: ["-c", "server.conf"],
    below: "server",
    controller: accessOf(folder, "controller"),
    reach: ["--fleet", path.join(folder, "controller.yaml")],
    flagOf: (agent) => `--config=${path.join(folder, "agents", `${agent}.yaml`)}`,
  };
}

/** A namespace of its own where it stays, and fresh ones at the bridge otherwise. */
function networkOf(
  { name }: AgentSpec,
  staying: readonly StayingHost[],
  lan: NetworkNamespace,
): string[] {
  const own = staying.find((host) => host.name === name)?.namespace;
  const netns = `--netns=/proc/${process.pid}/fd/${(own ?? lan).fd}`;
  return own === undefined ? [netns, `--bridge=${BRIDGE}`] : [netns];
}

interface AgentPlace {
  /** The flag that says where the server is. */
  readonly access: string;
  readonly spool: string;
  readonly network: readonly string[];
}

function commandOf(spec: AgentSpec, { access, spool, network }: AgentPlace): string[] {
  mkdirSync(spool, { recursive: true });
  return [
    ...(spec.spoolKib === undefined ? [] : onOwnDisk(spool, spec.spoolKib)),
    process.execPath,
    BIN,
    "agent",
    access,
    `--name=${spec.name}`,
    `--role=${spec.role}`,
    ...(spec.network ?? network),
    `--spool=${spool}`,
    "--workers=4",
    ...spec.addresses.map((address) => `--address=${address}`),
    ...(spec.clockOffsetMs === undefined ? [] : [`--clock-offset=${spec.clockOffsetMs}`]),
    ...(spec.flags ?? []),
  ];
}

interface ProgramPlace {
  readonly env?: AgentSpec["env"];
  readonly home?: NetworkNamespace | undefined;
  /** Below the folder of the fleet. */
  readonly below?: string;
}

/** Programs that end with their fleet. */
export class Programs implements AsyncDisposable {
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  start(
    [program = "", ...args]: readonly string[],
    { home, below = "", env = {} }: ProgramPlace = {},
  ): Started {
    const begin = (): Started =>
      follow(
        spawn(program, args, {
          cwd: path.join(this.#folder, below),
          env: { ...process.env, ...env },
          stdio: ["ignore", "ignore", "pipe"],
        }),
      );
    const started = home === undefined ? begin() : home.run(begin);
    this.#children.push(started.child);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(end));
  }
}

function idOf({ trial, attempt, agent, piece }: ResultPieceId): string {
  return [trial, attempt, agent, piece].join("/");
}

function ledgerOf(late: Map<string, string>): ResultLedger {
  return {
    has: (piece) => late.has(idOf(piece)),
    lastAttempt: () => 0,
    keepLate: (pieces) => {
      for (const piece of pieces) late.set(idOf(piece), piece.text);
    },
  };
}

/** Before a command: gives it a small file system of its own there. */
function onOwnDisk(directory: string, kib: number): string[] {
  const script = `mount -t tmpfs -o size=${kib}k,mode=700 none "$0" && exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", script, directory];
}

function follow(child: ChildProcess): Started {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text = `${text}${chunk.toString()}`.slice(-50_000);
  });
  return {
    child,
    log: () => text,
    async shows(wanted) {
      const deadline = performance.now() + START_MS_MAX;
      while (!text.includes(wanted)) {
        if (child.exitCode !== null || performance.now() > deadline) {
          throw new Error(`no ${JSON.stringify(wanted)} in:\n${text}`);
        }
        await sleep(20);
      }
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Polls until it holds; whether it ever did. */
export async function until(holds: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Agents a1 … aN for load, with clocks that disagree by seconds, and one for the target. */
export function agentsWithClocks(offsetsMs: readonly number[]): AgentSpec[] {
  return [
    { name: "target", role: "target", addresses: ["198.18.1.1"] },
    ...offsetsMs.map((clockOffsetMs, i): AgentSpec => {
      const addresses = [`198.18.2.${i + 1}`];
      return { name: `a${i + 1}`, role: "load", addresses, clockOffsetMs };
    }),
  ];
}
