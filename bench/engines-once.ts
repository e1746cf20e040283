// Offers one load as a trial does, from a process of its own: a part of engines.bench.ts. Inherits the client namespaces as
// descriptors 3, 4 … and prints what came of it.
import { setTimeout as sleep } from "node:timers/promises";
import { type ArmedShard, type EngineName, quantileUs, type Workload } from "@churnlab/core";
import { LocalAgent, WorkerPool } from "@churnlab/traffic";

export interface OnceOptions {
  readonly engine: EngineName;
  readonly workload: Pick<Workload, "kind" | "closer" | "requestsPerConnection" | "arrival">;
  readonly port: number;
  readonly workers: number;
  readonly sources: readonly string[];
  /** Load before what is measured, in which the code is compiled. */
  readonly warmUpMs?: number;
  readonly measureMs: number;
}

export interface OnceResult {
  readonly completed: number;
  readonly seconds: number;
  readonly failed: number;
  readonly dropped: number;
  /** Microseconds; null in a closed loop. */
  readonly latenessP99Us: number | null;
  /** Resident memory of the process per connection, while all were held; null unless they are. */
  readonly heldBytes: number | null;
  /** CPU time of the worker threads in the measure phase. */
  readonly workersCpuUs: number;
  /** CPU time of the whole process from the start of the load to its end. */
  readonly processCpuUs: number;
}

const options = JSON.parse(process.argv.at(2) as string) as OnceOptions;
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

await using pool = new WorkerPool();
const { workers, sources, warmUpMs = 0, measureMs, port } = options;
const agent = new LocalAgent({
  name: "bench",
  pool,
  sources: sources.map((address, i) => ({ namespaceFd: 3 + i, address })),
  workers,
});
const workload: Workload = {
  close: "fin",
  bind: "none",
  lifetimeMs: null,
  thinkMs: 0,
  protocol: "http",
  requestBytes: 0,
  responseBytes: 3,
  sources: sources.length,
  workers,
  engine: options.engine,
  timeouts: { connectMs: 5000, responseMs: 5000 },
  ...options.workload,
};
const shard = await agent.arm({
  trialId: 1,
  seed: 1,
  workload,
  phases: { warmUpMs, measureMs, drainMs: 0 },
  target: { host: "198.18.0.1", port, path: "/", tls: false },
  share: { first: 0, count: workers, of: workers },
});
const restingBytes = process.memoryUsage.rss();
const cpuAtStart = process.cpuUsage();
const running = shard.run(nowMs() + 10);
const heldBytes = workload.kind === "hold" ? await measureHeld(shard, restingBytes) : null;
const report = await running;
const { user, system } = process.cpuUsage(cpuAtStart);
const { connections, requests } = report.tally;
const lateness = report.histograms.find(({ metric }) => metric === "schedule");
const result: OnceResult = {
  completed: workload.kind === "keep-alive" ? requests.succeeded : connections.succeeded,
  seconds: report.elapsedMs / 1000,
  failed: connections.failed,
  dropped: connections.dropped,
  latenessP99Us: lateness === undefined ? null : quantileUs(lateness, 0.99),
  heldBytes,
  workersCpuUs: report.cpuUs ?? Number.NaN,
  processCpuUs: user + system,
};
console.log(JSON.stringify(result));

/** Waits until all connections are open, looks, and lets them go. */
async function measureHeld(held: ArmedShard, before: number): Promise<number> {
  const { arrival } = workload;
  const wanted = arrival.model === "closed" ? arrival.connections : 0;
  const giveUpAtMs = nowMs() + measureMs;
  while (held.live().open < wanted && nowMs() < giveUpAtMs) await sleep(50);
  const { open } = held.live();
  if (open < wanted) throw new Error(`only ${open} of ${wanted} connections are open`);
  const bytes = (process.memoryUsage.rss() - before) / open;
  held.stop();
  return bytes;
}
