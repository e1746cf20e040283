// What one look at a live host costs, with 100 000 sockets in TIME_WAIT.
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { applySysctls, type NetworkNamespace, openCounters } from "@churnlab/linux";
import type { WatchDocument } from "@churnlab/report/watch";
import { churnOnce, close, listen } from "../packages/linux/test/fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET, type TwoHosts } from "../packages/linux/test/fixtures/two-hosts.ts";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";

/** Each fills a host anew, which takes most of its 10 seconds or so. */
const ROUNDS = 7;
const TIME_WAIT_SOCKETS = 100_000;
/** None of them uses half of the range: beyond that, connect() searches for a free port. */
const PORTS = [80, 81, 82, 83] as const;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;
const BIN = path.resolve(import.meta.dirname, "../packages/cli/bin/churnlab.mjs");

/** Unit and target of every figure; `ss` shows one of the many things that a look does, `watch.empty` the floor. */
const FIGURES = {
  "watch.once": { unit: "ms", target: { max: 300 } },
  "watch.once_unprivileged_inside": { unit: "ms", target: { max: 300 } },
  "watch.once_from_outside": { unit: "ms", target: null },
  "watch.empty": { unit: "ms", target: null },
  "ss.time_wait": { unit: "ms", target: null },
} as const;

export const bench: Benchmark = {
  name: "watch",
  description: "watch --once from start to exit, with 100 000 sockets",
  run,
};

async function run({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> {
  const figures = new Map<keyof typeof FIGURES, number[]>();
  const add = (id: keyof typeof FIGURES, value: number): void => {
    figures.set(id, [...(figures.get(id) ?? []), value]);
  };
  for (let round = 0; round < rounds; round++) {
    // TIME_WAIT lasts a minute, so each round has its own.
    using hosts = makeTwoHosts();
    const resident = hosts.client.run(() => spawn("sleep", ["300"], { stdio: "ignore" }));
    try {
      const at = ["--pid", String(resident.pid)];
      const { client } = hosts;
      add("watch.empty", measureLook(client, { args: at }));
      fillTimeWait(hosts);
      add("watch.once", measureLook(client, { args: at }));
      const inside = { args: [], prefix: NOBODY, namespace: client };
      add("watch.once_unprivileged_inside", measureLook(client, inside));
      add("watch.once_from_outside", measureLook(client, { args: at, prefix: NOBODY }));
      add("ss.time_wait", measureSs(client));
    } finally {
      resident.kill();
    }
    log(`round ${round + 1} of ${rounds}`);
  }
  return [...figures].map(([id, values]) => rowOfRounds({ id, ...FIGURES[id] }, values));
}

function fillTimeWait(hosts: TwoHosts): void {
  applySysctls(hosts.client, {
    "net.ipv4.ip_local_port_range": "1025 65534",
    "net.ipv4.tcp_max_tw_buckets": "200000",
  });
  for (const port of PORTS) {
    const listener = listen(hosts.target, { host: TARGET, port });
    for (let index = 0; index < TIME_WAIT_SOCKETS / PORTS.length; index++) {
      churnOnce(hosts.client, { host: TARGET, port, listener }, "client");
    }
    close(listener);
  }
  // A few are lost when the processor is so busy that a last ACK comes late and is answered with a reset.
  const made = readTimeWait(hosts.client);
  if (made < TIME_WAIT_SOCKETS * 0.999) throw new Error(`only ${made} sockets in TIME_WAIT`);
}

interface Look {
  readonly args: readonly string[];
  readonly prefix?: readonly string[];
  readonly namespace?: NetworkNamespace;
}

/** From start to exit. A look that does not see what the kernel's own gauge says is no measurement. */
function measureLook(watched: NetworkNamespace, { args, prefix = [], namespace }: Look): number {
  const watch = [process.execPath, BIN, "watch", "--once", "--json", ...args];
  const [command = "", ...rest] = [...prefix, ...watch];
  const start = () => spawnSync(command, rest, { encoding: "utf8" });
  const most = readTimeWait(watched);
  const begun = performance.now();
  const { status, stdout, stderr } = namespace === undefined ? start() : namespace.run(start);
  const ms = performance.now() - begun;
  const least = readTimeWait(watched);
  if (status !== 0) throw new Error(`watch ended with ${status}: ${stderr}`);
  const { count } = (JSON.parse(stdout) as WatchDocument).timeWait;
  if (count > most || count < least) {
    throw new Error(
      `${count} sockets in TIME_WAIT; the kernel's gauge fell from ${most} to ${least}`,
    );
  }
  return ms;
}

function readTimeWait(namespace: NetworkNamespace): number {
  using counters = openCounters(namespace);
  return counters.read().gauges["time_wait"] ?? 0;
}

function measureSs(namespace: NetworkNamespace): number {
  const begun = performance.now();
  namespace.run(() => spawnSync("sh", ["-c", "ss -Htan state time-wait | wc -l"]));
  return performance.now() - begun;
}
