import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { parseScenario } from "@churnlab/core";
import { threadEntry } from "../thread-entry.ts";
import { COUNTS_SIGNAL, formatCounts } from "./server-counts.ts";
import { TargetCounters } from "./target-counters.ts";
import type { TargetJob, TargetServerName } from "./target-server.ts";
import { pickTargetServer } from "./target-servers.ts";

/** What the process of a target is told, as JSON in `CHURNLAB_TARGET`. */
export interface TargetOrder {
  readonly server: TargetServerName | "auto";
  readonly job: TargetJob;
}

interface WorkerOrder {
  readonly order: TargetOrder;
  readonly counters: SharedArrayBuffer;
}

/**
 * A built-in server as a process of its own, for containers: serves where it is until SIGTERM, and tells its counts at
 * `COUNTS_SIGNAL`. A server may block its thread,
 * so this one only waits for the signal.
 */
function main(): void {
  const text = process.env["CHURNLAB_TARGET"];
  const order = text === undefined ? orderByDefault() : (JSON.parse(text) as TargetOrder);
  const counters = new TargetCounters();
  const { url, execArgv } = threadEntry("target/target-main");
  const worker = new Worker(url, { execArgv, workerData: { order, counters: counters.shared } });
  worker.on("message", (line: string) => process.stdout.write(`${line}\n`));
  worker.on("error", (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => counters.requestStop());
  }
  process.on(COUNTS_SIGNAL, () => process.stdout.write(`${formatCounts(counters)}\n`));
}

/** What a scenario that says nothing about its target gets. */
function orderByDefault(): TargetOrder {
  const workload = "workload: { kind: keep-alive, arrival: { model: closed, connections: 1 } }";
  const scenario = parseScenario(`version: 1\nname: target\n${workload}`, "default");
  const spec = scenario.variants[0]?.spec;
  if (spec === undefined || !("server" in spec.target)) throw new Error("there is no default");
  const { port, backlog, delayMs, misbehaviour } = spec.target;
  const job = { port, backlog, delayMs, misbehaviour, workload: spec.workload };
  return { server: "auto", job: { host: "0.0.0.0", ...job } };
}

async function serve({ order, counters }: WorkerOrder): Promise<void> {
  const { server, reason } = await pickTargetServer(order.server, order.job);
  await server.serve(order.job, new TargetCounters(counters), (port) => {
    parentPort?.postMessage(`${server.name} (${reason}) listens on ${order.job.host} port ${port}`);
  });
}

if (isMainThread) main();
else await serve(workerData as WorkerOrder);
