// Single runs of the engines benchmark, each in a world of its own.
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Measurement } from "@churnlab/core";
import type { OnceOptions, OnceResult } from "./engines-once.ts";
import type { Peer } from "./engines-peers.ts";
import { BenchWorld } from "./engines-world.ts";

/** A rate per second, and CPU time of the client process for each: of a peer all of it, of ours without the start of Node. */
export interface PerUnit {
  readonly rate: number;
  readonly cpuUs: number;
}

type Load = Pick<OnceOptions, "engine" | "workload" | "port" | "measureMs"> &
  Partial<Pick<OnceOptions, "workers" | "warmUpMs">>;

const engineOnce = path.join(import.meta.dirname, "engines-once.ts");
const targetOnce = path.join(import.meta.dirname, "engines-target-once.ts");

/** One of the engines against nginx, from so many addresses, with so many nginx workers. */
export async function offer(
  load: Load,
  { sources = 1, nginxWorkers = 1 }: { sources?: number; nginxWorkers?: number } = {},
): Promise<PerUnit & { readonly result: OnceResult }> {
  await using world = new BenchWorld(sources);
  await world.startNginx(nginxWorkers);
  return runEngine(world, load);
}

/** A peer against nginx. */
export async function offerBy(peer: Peer, args: readonly string[]): Promise<PerUnit> {
  await using world = new BenchWorld();
  await world.startNginx();
  const { stdout, cpuUs } = world.run([...peer.program, ...args]);
  const { completed, seconds } = peer.parse(stdout);
  if (!(completed > 0)) throw new Error(`${peer.name} says nothing that is understood:\n${stdout}`);
  return { rate: completed / seconds, cpuUs: cpuUs / completed };
}

/** One of the engines against the built-in target on the same engine. */
export async function offerToBuiltin(
  load: Load,
): Promise<{ readonly result: OnceResult; readonly target: readonly Measurement[] }> {
  await using world = new BenchWorld();
  const { engine, workload, port } = load;
  const job = { engine, port, workload: { ...workload, ...FIXED_WORKLOAD } };
  const target = await world.startTarget([process.execPath, targetOnce, JSON.stringify(job)]);
  const { result } = runEngine(world, load);
  if (target.stdout === null || target.stdin === null) throw new Error("the target has no pipes");
  const printed = text(target.stdout);
  target.stdin.end();
  await once(target, "exit");
  return { result, target: JSON.parse(await printed) as Measurement[] };
}

/** What a target has to know of a workload, and no run here varies. */
const FIXED_WORKLOAD = {
  protocol: "http",
  requestBytes: 0,
  responseBytes: 3,
  close: "fin",
} as const;

function runEngine(world: BenchWorld, load: Load): PerUnit & { readonly result: OnceResult } {
  const options: OnceOptions = {
    workers: 1,
    ...load,
    sources: world.clients.map((_, i) => BenchWorld.clientAddress(i)),
  };
  const { stdout } = world.run([process.execPath, engineOnce, JSON.stringify(options)]);
  const result = JSON.parse(stdout) as OnceResult;
  const { completed, seconds, processCpuUs } = result;
  return { rate: completed / seconds, cpuUs: processCpuUs / completed, result };
}
