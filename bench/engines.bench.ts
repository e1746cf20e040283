// The engines beside other load generators, against one nginx worker in a namespace of its own; and what only they are asked
// for: a schedule that is kept, a hundred thousand connections, two workers, and the built-in target.
import type { Arrival } from "@churnlab/core";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";
import { offer, offerBy, offerToBuiltin, type PerUnit } from "./engines-loads.ts";
import { CONNECTIONS, installedPeers, type Peer } from "./engines-peers.ts";
import { describeRow } from "./engines-rows.ts";
import { CLOSING_PORT, KEEPING_PORT } from "./engines-world.ts";

const ROUNDS = 5;
const SECONDS = 6;
const OPEN_RATE_PER_S = 10_000;
const HELD_CONNECTIONS = 100_000;
/**
 * One address has 32 255 ports before connect() becomes slow (half of its range); a table of descriptors, and an nginx worker,
 * often 20 000 entries.
 */
const HOLD_SPREAD = { sources: 6, nginxWorkers: 6 } as const;
const HOLD_WORKERS = 6;
const HOLD_PATIENCE_MS = 120_000;
const TARGET_PORT = 8082;

const ENGINES = ["ring", "epoll", "net"] as const;

const closed = (connections: number): Arrival => ({ model: "closed", connections, limit: null });

const OPEN: Arrival = {
  model: "open",
  shape: "constant",
  ratePerS: OPEN_RATE_PER_S,
  toPerS: null,
  steps: null,
  limit: null,
};

const SHORT_LIVED = {
  kind: "short-lived",
  closer: "server",
  requestsPerConnection: 1,
  arrival: closed(CONNECTIONS),
} as const;

const KEEP_ALIVE = {
  kind: "keep-alive",
  closer: "client",
  requestsPerConnection: "unlimited",
  arrival: closed(CONNECTIONS),
} as const;

const shortLived = { workload: SHORT_LIVED, port: CLOSING_PORT, measureMs: SECONDS * 1000 };
const keepAlive = { workload: KEEP_ALIVE, port: KEEPING_PORT, measureMs: SECONDS * 1000 };

/** Takes a figure of the present round. */
type Note = (id: string, value: number) => void;

/** The figures of one comparison by the name of the load generator. */
type Rivals = Map<string, PerUnit>;

export const bench: Benchmark = {
  name: "engines",
  description: "ring, epoll and net beside wrk, ab, hey, httperf, h2load and autocannon",
  run: async ({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> => {
    const peers = installedPeers(log);
    const figures = new Map<string, number[]>();
    for (let round = 1; round <= rounds; round++) {
      const note: Note = (id, value) => {
        figures.set(id, [...(figures.get(id) ?? []), value]);
        log(`${round}/${rounds} ${id} ${Number(value.toPrecision(4))}`);
      };
      await compareShortLived(peers, note);
      await compareKeepAlive(peers, note);
      await keepSchedule(note);
      await addWorker(peers, note);
      await compareTarget(note);
      await holdMany(note);
    }
    return [...figures].map(([id, values]) => rowOfRounds(describeRow(id), values));
  },
};

async function compareShortLived(peers: readonly Peer[], note: Note): Promise<void> {
  const rivals: Rivals = new Map();
  for (const engine of ENGINES) rivals.set(engine, await offer({ engine, ...shortLived }));
  for (const peer of peers) {
    const args = peer.shortLived(SECONDS);
    if (args !== null) rivals.set(peer.name, await offerBy(peer, args));
  }
  noteRivals("short-lived", rivals, note);
  noteRatio("short-lived.ring/wrk.rate", rivals, { note, of: ({ rate }) => rate });
  noteRatio("short-lived.ring/wrk.cpu", rivals, { note, of: ({ cpuUs }) => cpuUs });
  noteRatio("short-lived.epoll/wrk.cpu", rivals, { note, of: ({ cpuUs }) => cpuUs });
}

async function compareKeepAlive(peers: readonly Peer[], note: Note): Promise<void> {
  const rivals: Rivals = new Map();
  for (const engine of ENGINES) rivals.set(engine, await offer({ engine, ...keepAlive }));
  for (const peer of peers) {
    const args = peer.keepAlive(SECONDS);
    if (args !== null) rivals.set(peer.name, await offerBy(peer, args));
  }
  noteRivals("keep-alive", rivals, note);
  noteRatio("keep-alive.ring/wrk.per_cpu_second", rivals, { note, of: ({ cpuUs }) => 1 / cpuUs });
  noteRatio("keep-alive.ring/autocannon.rate", rivals, { note, of: ({ rate }) => rate });
  noteRatio("keep-alive.wrk/autocannon.rate", rivals, { note, of: ({ rate }) => rate });
  noteRatio("keep-alive.ring/autocannon.per_cpu_second", rivals, {
    note,
    of: ({ cpuUs }) => 1 / cpuUs,
  });
}

async function keepSchedule(note: Note): Promise<void> {
  const workload = { ...SHORT_LIVED, arrival: OPEN };
  const { result } = await offer({ engine: "ring", ...shortLived, workload, warmUpMs: 1000 });
  const offered = OPEN_RATE_PER_S * SECONDS;
  note("open-loop.shortfall", (100 * (offered - result.completed)) / offered);
  note("open-loop.lateness_p99", result.latenessP99Us ?? Number.NaN);
}

/** Every worker compiles the code for itself: without a warm-up the second one's compiling is taken for a cost of sharing. */
async function addWorker(peers: readonly Peer[], note: Note): Promise<void> {
  const cpuUs = [];
  for (const workers of [1, 2]) {
    const { result } = await offer({ engine: "ring", ...shortLived, workers, warmUpMs: 1000 });
    cpuUs.push(result.workersCpuUs / result.completed);
  }
  const [one = Number.NaN, two = Number.NaN] = cpuUs;
  note("workers.two/one.cpu", two / one);
  const wrk = peers.find(({ name }) => name === "wrk");
  if (wrk === undefined) return;
  const alone = await offerBy(wrk, wrk.shortLived(SECONDS) ?? []);
  const shared = await offerBy(wrk, [...(wrk.shortLived(SECONDS) ?? []), "-t2"]);
  note("workers.wrk-two/wrk-one.cpu", shared.cpuUs / alone.cpuUs);
}

async function compareTarget(note: Note): Promise<void> {
  const load = { engine: "ring", ...shortLived, port: TARGET_PORT } as const;
  const { result, target } = await offerToBuiltin(load);
  const measured = target.find(({ metric }) => metric === "cpu.us_per_connection");
  const [server, client] = [measured?.value ?? Number.NaN, result.workersCpuUs / result.completed];
  note("target.ring.rate", result.completed / result.seconds);
  note("target.ring.cpu", server);
  note("target.client.cpu", client);
  note("target.ring/client.cpu", server / client);
}

async function holdMany(note: Note): Promise<void> {
  const workload = { ...KEEP_ALIVE, kind: "hold", arrival: closed(HELD_CONNECTIONS) } as const;
  const load = { engine: "ring", workload, port: KEEPING_PORT, workers: HOLD_WORKERS } as const;
  const { result } = await offer({ ...load, measureMs: HOLD_PATIENCE_MS }, HOLD_SPREAD);
  note("hold.bytes_per_connection", result.heldBytes ?? Number.NaN);
}

function noteRivals(prefix: string, rivals: Rivals, note: Note): void {
  for (const [name, { rate, cpuUs }] of rivals) {
    note(`${prefix}.${name}.rate`, rate);
    note(`${prefix}.${name}.cpu`, cpuUs);
  }
}

/** A ratio of one round, where both are there; its id names them as `a/b`. */
function noteRatio(
  id: string,
  rivals: Rivals,
  { note, of }: { note: Note; of: (figures: PerUnit) => number },
): void {
  const [, a = "", b = ""] = /\.(\w+)\/(\w+)\./.exec(id) ?? [];
  const [left, right] = [rivals.get(a), rivals.get(b)];
  if (left !== undefined && right !== undefined) note(id, of(left) / of(right));
}
