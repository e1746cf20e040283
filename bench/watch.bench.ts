// What one look at a live host costs, with 100 000 sockets in TIME_WAIT.
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { applySysctls, type NetworkNamespace } from "@churnlab/linux";
import type { WatchDocument } from "@churnlab/report/watch";
import { churnOnce, close, listen } from "../packages/linux/test/fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET, type TwoHosts } from "../packages/linux/test/fixtures/two-hosts.ts";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";

const ROUNDS = 11;
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
      add("watch.empty", measureLook({ args: at }));
      fillTimeWait(hosts);
      add("watch.once", measureLook({ args: at, sockets: TIME_WAIT_SOCKETS }));
      const inside = { prefix: NOBODY, namespace: hosts.client, sockets: TIME_WAIT_SOCKETS };
      add("watch.once_unprivileged_inside", measureLook({ args: [], ...inside }));
      const outside = { args: at, prefix: NOBODY, sockets: TIME_WAIT_SOCKETS };
      add("watch.once_from_outside", measureLook(outside));
      add("ss.time_wait", measureSs(hosts.client));
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
}

interface Look {
  readonly args: readonly string[];
  readonly prefix?: readonly string[];
  readonly namespace?: NetworkNamespace;
  /** What it has to see; a look that misses any is not measured. */
  readonly sockets?: number;
}

function measureLook({ args, prefix = [], namespace, sockets = 0 }: Look): number {
  const watch = [process.execPath, BIN, "watch", "--once", "--json", ...args];
  const [command = "", ...rest] = [...prefix, ...watch];
  const begun = performance.now();
  const start = () => spawnSync(command, rest, { encoding: "utf8" });
  const { status, stdout, stderr } = namespace === undefined ? start() : namespace.run(start);
  const ms = performance.now() - begun;
  if (status !== 0) throw new Error(`watch ended with ${status}: ${stderr}`);
  const seen = JSON.parse(stdout) as WatchDocument;
  if (seen.timeWait.count !== sockets) {
    throw new Error(`not ${sockets} in TIME_WAIT: ${JSON.stringify(seen.sockets)}`);
  }
  return ms;
}

function measureSs(namespace: NetworkNamespace): number {
  const begun = performance.now();
  namespace.run(() => spawnSync("sh", ["-c", "ss -Htan state time-wait | wc -l"]));
  return performance.now() - begun;
}
