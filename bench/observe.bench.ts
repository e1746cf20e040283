// What looking costs: hosts, counters, port dumps and reset captures, with 100 000 sockets in TIME_WAIT.
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ALL_TCP_STATES,
  applySysctls,
  type CounterReader,
  type NetworkNamespace,
  openCounters,
  PortCensus,
  ResetCapture,
  readPortRange,
  SockDiag,
} from "@churnlab/linux";
import { churnOnce, close, connect, listen } from "../packages/linux/test/fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET, type TwoHosts } from "../packages/linux/test/fixtures/two-hosts.ts";
import {
  type Benchmark,
  type BenchOptions,
  type BenchRow,
  rowOfDifferences,
  rowOfRounds,
} from "./benchmark.ts";
import {
  measureCaptureUs,
  measureDumpUs,
  measureQueuesUs,
  measureReadingUs,
  measureResetWatchUs,
  observeQueues,
} from "./looking-costs.ts";
import type { PairedCost } from "./paired-slices.ts";
import type { ConnectionEnd } from "./short-connections.ts";
import { readThreadCpuUs } from "./thread-cpu.ts";

const ROUNDS = 11;
const TIME_WAIT_SOCKETS = 100_000;
const READS_PER_ROUND = 200;
const DUMPS_PER_ROUND = 5;
const QUEUE_READS_PER_ROUND = 20;
const LOOKING_QUADS = 51;
const CAPTURE_QUADS = 81;
const TRACE_QUADS = 41;
const SAMPLES_PER_S = 5;
const QUEUE_READINGS_PER_S = 1;
const DUMPS_PER_S = 0.2;
const RESETS_PER_S = 20_000;
const RESET_SECONDS = 2;
const DRAIN_INTERVAL_MS = 200;

export const bench: Benchmark = {
  name: "observe",
  description: "the cost of looking: hosts, counters, queues, port dumps, watching resets",
  run,
};

async function run({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> {
  const rows = new Rows();
  for (let round = 0; round < rounds; round++) rows.add("hosts.make_and_join", measureHosts());
  using hosts = makeTwoHosts();
  fillTimeWait(hosts);
  // The last of them get there a moment later.
  await sleep(200);
  log(`${TIME_WAIT_SOCKETS} sockets in TIME_WAIT`);
  // What follows ends before the first of them does, a minute from now.
  using client = openCounters(hosts.client);
  using target = openCounters(hosts.target);
  for (let round = 0; round < rounds; round++) {
    rows.add("counters.both_sides_at_5_hz", measureCounters([client, target]));
    const dump = measureDump(hosts.client);
    rows.add("ports.dump_kernel", dump.kernelMs);
    rows.add("ports.dump_own", dump.ownMs);
    rows.add("ports.ss", measureSs(hosts.client));
    rows.add("queues.read_client", measureQueues("client", hosts));
    rows.add("queues.read_target", measureQueues("target", hosts));
  }
  log("counters, queues and port dumps beside connections");
  compareLooking(hosts, rows);
  for (const end of ["fin", "rst"] as const) compareResets(end, { rows, log });
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    const flood = measureFlood();
    rows.add("capture.rate", flood.perS);
    rows.add("capture.lost", flood.lost);
  }
  return rows.finish();
}

/** Each look as often as the sampler takes it, as a share of a core. */
function compareLooking(hosts: TwoHosts, rows: Rows): void {
  const counters = shareOfCore(measureReadingUs(hosts, LOOKING_QUADS), SAMPLES_PER_S);
  const queues = shareOfCore(measureQueuesUs(hosts, LOOKING_QUADS), QUEUE_READINGS_PER_S);
  const ports = shareOfCore(measureDumpUs(hosts, LOOKING_QUADS), DUMPS_PER_S);
  rows.compare("looking.counters", counters);
  rows.compare("looking.queues", queues);
  rows.compare("looking.ports", ports);
  const both = counters.map((share, quad) => share + (ports[quad] ?? 0));
  rows.compare("looking.both", both);
  rows.compare(
    "looking.all",
    both.map((share, quad) => share + (queues[quad] ?? 0)),
  );
}

/** What watching resets adds to a connection, in shares of what one costs in the same slices. */
function compareResets(
  end: ConnectionEnd,
  { rows, log }: { readonly rows: Rows; readonly log: (line: string) => void },
): void {
  log(`resets are watched, connections that end with ${end.toUpperCase()}`);
  using captured = makeTwoHosts();
  const capture = measureCaptureUs(captured, { quads: CAPTURE_QUADS, end });
  for (const { off } of capture) rows.add(`connection.${end}`, off);
  rows.compare(`capture.share_of_${end}`, shareOfConnection(capture));
  using watched = makeTwoHosts();
  const all = { quads: TRACE_QUADS, end };
  rows.compare(`resets.share_of_${end}`, shareOfConnection(measureResetWatchUs(watched, all)));
  const unread = measureResetWatchUs(watched, { ...all, isRead: false });
  rows.compare(`resets.unread_share_of_${end}`, shareOfConnection(unread));
}

function shareOfCore(us: readonly number[], perS: number): number[] {
  return us.map((each) => (each * perS) / 1e4);
}

function shareOfConnection(costs: readonly PairedCost[]): number[] {
  return costs.map(({ off, added }) => (added / off) * 100);
}

/** Unit and target of every figure; `ports.ss` is the peer. */
const FIGURES = {
  "hosts.make_and_join": { unit: "ms", target: { max: 20 } },
  "counters.both_sides_at_5_hz": { unit: "% of a core", target: { max: 0.5 } },
  "ports.dump_kernel": { unit: "ms", target: { max: 20 } },
  "ports.dump_own": { unit: "ms", target: { max: 30 } },
  "ports.ss": { unit: "ms", target: null },
  "queues.read_client": { unit: "us", target: { max: 100 } },
  // With its handshakes, for which the kernel walks the host's table of connections.
  "queues.read_target": { unit: "us", target: null },
  "looking.counters": { unit: "% of a core", target: null },
  "looking.queues": { unit: "% of a core", target: null },
  "looking.ports": { unit: "% of a core", target: null },
  // Counters and port dumps; then with queues.
  "looking.both": { unit: "% of a core", target: { max: 1 } },
  "looking.all": { unit: "% of a core", target: { max: 1 } },
  "connection.fin": { unit: "us", target: null },
  "connection.rst": { unit: "us", target: null },
  "capture.share_of_fin": { unit: "% of a connection", target: { max: 6 } },
  "capture.share_of_rst": { unit: "% of a connection", target: { max: 6 } },
  // As trials of root of the machine have it.
  "resets.share_of_fin": { unit: "% of a connection", target: { max: 6 } },
  "resets.share_of_rst": { unit: "% of a connection", target: { max: 6 } },
  // Without the reading, which is not the client's.
  "resets.unread_share_of_fin": { unit: "% of a connection", target: null },
  "resets.unread_share_of_rst": { unit: "% of a connection", target: null },
  "capture.rate": { unit: "resets/s", target: { min: RESETS_PER_S * 0.9 } },
  "capture.lost": { unit: "resets", target: { max: 0 } },
} as const;

class Rows {
  readonly #rounds = new Map<keyof typeof FIGURES, number[]>();
  readonly #compared: BenchRow[] = [];

  add(id: keyof typeof FIGURES, value: number): void {
    this.#rounds.set(id, [...(this.#rounds.get(id) ?? []), value]);
  }

  compare(id: keyof typeof FIGURES, differences: readonly number[]): void {
    this.#compared.push(rowOfDifferences({ id, ...FIGURES[id] }, differences));
  }

  finish(): BenchRow[] {
    const rounds = [...this.#rounds].map(([id, values]) =>
      rowOfRounds({ id, ...FIGURES[id] }, values),
    );
    return [...rounds, ...this.#compared];
  }
}

function measureHosts(): number {
  const begun = performance.now();
  using hosts = makeTwoHosts();
  hosts.client.run(() => undefined);
  return performance.now() - begun;
}

/** Spread over destinations so that none uses half of the range: beyond that, connect() searches for a free port. */
function fillTimeWait(hosts: TwoHosts): void {
  applySysctls(hosts.client, { "net.ipv4.ip_local_port_range": "1025 65534" });
  for (const port of [80, 81, 82, 83]) {
    const listener = listen(hosts.target, { host: TARGET, port });
    for (let index = 0; index < TIME_WAIT_SOCKETS / 4; index++) {
      churnOnce(hosts.client, { host: TARGET, port, listener }, "client");
    }
    close(listener);
  }
}

function measureCounters(readers: readonly CounterReader[]): number {
  const begunUs = readThreadCpuUs();
  for (let read = 0; read < READS_PER_ROUND; read++) for (const reader of readers) reader.read();
  const usPerSample = (readThreadCpuUs() - begunUs) / READS_PER_ROUND;
  return (usPerSample * SAMPLES_PER_S) / 1e4;
}

function measureDump(namespace: NetworkNamespace): { kernelMs: number; ownMs: number } {
  using diag = new SockDiag(namespace);
  const census = new PortCensus(readPortRange(namespace));
  diag.dump(ALL_TCP_STATES, census);
  const begun = process.threadCpuUsage();
  for (let dump = 0; dump < DUMPS_PER_ROUND; dump++) diag.dump(ALL_TCP_STATES, census);
  const { user, system } = process.threadCpuUsage(begun);
  const counted = census.states().TIME_WAIT ?? 0;
  // A few are lost when the processor is so busy that a last ACK comes late and is answered with a reset.
  if (counted < TIME_WAIT_SOCKETS * 0.999) throw new Error(`${counted} sockets in TIME_WAIT`);
  return { kernelMs: system / DUMPS_PER_ROUND / 1e3, ownMs: user / DUMPS_PER_ROUND / 1e3 };
}

function measureSs(namespace: NetworkNamespace): number {
  const begun = performance.now();
  namespace.run(() => spawnSync("sh", ["-c", "ss -Htan state time-wait | wc -l"]));
  return performance.now() - begun;
}

/** Microseconds of one reading; the target has a listener, the client none. */
function measureQueues(role: "client" | "target", hosts: TwoHosts): number {
  const listener = listen(hosts.target, { host: TARGET, port: 82 });
  const observer = observeQueues(role, hosts[role]);
  const begun = performance.now();
  for (let read = 0; read < QUEUE_READS_PER_ROUND; read++) observer.readQueues();
  const elapsedMs = performance.now() - begun;
  observer.close();
  close(listener);
  return (elapsedMs * 1e3) / QUEUE_READS_PER_ROUND;
}

/** Connects to a closed port at a fixed rate; each is answered by a reset. */
function measureFlood(): { perS: number; lost: number } {
  using hosts = makeTwoHosts();
  using capture = new ResetCapture(hosts.client, { keep: 0 });
  const begun = performance.now();
  let drained = begun;
  const total = RESETS_PER_S * RESET_SECONDS;
  for (let index = 0; index < total; index++) {
    connect(hosts.client, { host: TARGET, port: 81 });
    const now = performance.now();
    if (now - drained >= DRAIN_INTERVAL_MS) {
      capture.drain();
      drained = now;
    }
    while (performance.now() - begun < (index * 1000) / RESETS_PER_S);
  }
  const elapsedS = (performance.now() - begun) / 1e3;
  capture.drain();
  const lost = total - capture.counts.received;
  if (lost !== capture.readLost()) throw new Error("resets are missing and not counted as lost");
  return { perS: total / elapsedS, lost };
}
