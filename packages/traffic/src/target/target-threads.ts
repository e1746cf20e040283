import type { Measurement, Target, TargetAddress, TargetSpec, Workload } from "@churnlab/core";
import { readCpuUsOfThread } from "@churnlab/linux";
import { measureGateway } from "../gateway/measure-gateway.ts";
import type { ThreadHoldings } from "../thread-holdings.ts";
import { accountOfServer } from "./account-of-server.ts";
import { TargetCounters } from "./target-counters.ts";
import type { TargetJob, TargetServerName, UpstreamRoute } from "./target-server.ts";
import { TargetThread } from "./target-thread.ts";

/** The servers that churnlab brings itself. */
export type BuiltinTargetSpec = Extract<TargetSpec, { server: string }>;

export interface TargetOptions {
  readonly namespaceFd: number;
  /** The numeric address to listen on, which the namespace must have. */
  readonly address: string;
  readonly spec: BuiltinTargetSpec;
  readonly workload: Workload;
  /** With an upstream it is a gateway. */
  readonly upstream?: UpstreamRoute;
}

/** A server of ours that is listening. */
export interface RunningTarget extends Target {
  readonly server: TargetServerName;
  /** Why this server and not a faster one. */
  readonly reason: string;
  /** Closes every socket. The thread waits for the next target. */
  stop(): Promise<void>;
}

/** Threads for targets, kept from trial to trial. The first starts at once, while other parts of a trial are made. */
export class TargetThreads implements AsyncDisposable {
  readonly #idle: TargetThread[] = [];
  readonly #all = new Set<TargetThread>();
  /** What the serving ones hold. */
  readonly #holdings = new Map<TargetThread, ThreadHoldings>();
  #first: Promise<TargetThread> | null = this.#startThread();

  constructor() {
    this.#first?.catch(() => {}); // whoever takes it meets the failure
  }

  /** Rejects with `E_TARGET` when no server can do it or nothing listens, with `E_NAMESPACE` when there is no such namespace. */
  async start(options: TargetOptions): Promise<RunningTarget> {
    const job = jobOf(options);
    const requested = serverOf(options);
    const thread = await this.#takeThread();
    const counters = new TargetCounters();
    this.#holdings.set(thread, counters.holdings);
    try {
      const { port, server, reason } = await thread.serve({
        server: requested,
        job,
        namespaceFd: options.namespaceFd,
        counters: counters.shared,
      });
      const address = { host: options.address, port, path: "/", tls: false };
      return this.#run(thread, counters, { address, server, reason });
    } catch (error) {
      await this.#giveBack(thread);
      throw error;
    }
  }

  /** The threads that exist now, idle or serving. */
  get threads(): readonly TargetThread[] {
    return [...this.#all];
  }

  /** Ends all threads, idle or serving. */
  async close(): Promise<void> {
    await this.#first?.catch(() => {});
    const threads = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(threads.map((thread) => this.#end(thread)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #run(
    thread: TargetThread,
    counters: TargetCounters,
    about: { address: TargetAddress; server: TargetServerName; reason: string },
  ): RunningTarget {
    const cpuAtStartUs = readCpuUsOfThread(thread.threadId);
    let stopped = false;
    let before = measureGateway(counters);
    return {
      ...about,
      account: accountOfServer(counters),
      markMeasure() {
        counters.forgetMoments();
        before = measureGateway(counters);
      },
      keptOpen: () => counters.read("upstreamOpen"),
      ended: () => (stopped ? null : thread.lost),
      measure: async () => {
        // The figures of a server that met a bug are not worth having, and the bug is.
        if (thread.bug !== null) throw thread.bug;
        return [
          ...measureTarget(counters, cpuSince(thread, cpuAtStartUs)),
          ...(about.server === "gateway" ? subtract(measureGateway(counters), before) : []),
        ];
      },
      stop: async () => {
        if (stopped) return;
        stopped = true;
        try {
          await thread.stop(() => counters.requestStop());
        } finally {
          await this.#giveBack(thread);
        }
      },
    };
  }

  async #takeThread(): Promise<TargetThread> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const starting = this.#first ?? this.#startThread();
    this.#first = null;
    return starting;
  }

  async #startThread(): Promise<TargetThread> {
    const thread = await TargetThread.start();
    this.#all.add(thread);
    return thread;
  }

  async #giveBack(thread: TargetThread): Promise<void> {
    if (thread.lost === null && this.#all.has(thread)) {
      this.#idle.push(thread);
      return;
    }
    this.#all.delete(thread);
    await this.#end(thread);
  }

  /** Ends a thread for good, and gives back what it leaves. */
  async #end(thread: TargetThread): Promise<void> {
    await thread.terminate();
    this.#holdings.get(thread)?.giveBack();
    this.#holdings.delete(thread);
  }
}

function serverOf({ spec, upstream }: TargetOptions): TargetServerName | "auto" {
  if (upstream !== undefined) return "gateway";
  return spec.server === "fastify" ? "fastify" : spec.engine;
}

function jobOf({ address, spec, workload, upstream }: TargetOptions): TargetJob {
  const { port, backlog, delayMs, misbehaviour } = spec;
  const job = { host: address, port, backlog, delayMs, misbehaviour, workload };
  return upstream === undefined ? job : { ...job, upstream };
}

function subtract(
  now: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): Measurement[] {
  return [...now].map(([metric, value]) => ({
    role: "target",
    metric,
    value: value - (before.get(metric) ?? 0),
  }));
}

function cpuSince(thread: TargetThread, startUs: number | null): number | null {
  const nowUs = readCpuUsOfThread(thread.threadId);
  return nowUs === null || startUs === null ? null : nowUs - startUs;
}

/** What a target knows of itself since it listens. */
function measureTarget(counters: TargetCounters, cpuUs: number | null): Measurement[] {
  const accepted = counters.read("accepted");
  const requests = counters.read("requests");
  const perUnit: [string, number][] = [
    ["cpu.us_per_connection", accepted],
    ["cpu.us_per_request", requests],
  ];
  return perUnit
    .filter(([, count]) => count > 0 && cpuUs !== null)
    .map(([metric, count]) => ({ role: "target", metric, value: (cpuUs as number) / count }));
}
