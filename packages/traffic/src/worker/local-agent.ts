import type { Agent, ArmedShard, Shard } from "@churnlab/core";
import { pickEngine } from "../engines.ts";
import { type ArmedWorker, armWorker } from "./armed-worker.ts";
import { LocalShard } from "./local-shard.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** One client namespace of a trial. */
export interface LocalSource {
  /** null: the one that this process is in, which takes no privilege. */
  readonly namespaceFd: number | null;
  /** The address its connections come from. */
  readonly address: string;
}

export interface LocalAgentOptions {
  readonly name: string;
  readonly pool: WorkerPool;
  /** Worker i lives in source i mod sources. */
  readonly sources: readonly LocalSource[];
  /** At least one per source; see `chooseWorkers`. */
  readonly workers: number;
}

/** The agent of this process: runs shards in the threads of a pool, each in its client namespace. Costs nothing to make. */
export class LocalAgent implements Agent {
  readonly name: string;
  readonly workers: number;
  readonly #pool: WorkerPool;
  readonly #sources: readonly LocalSource[];

  constructor({ name, pool, sources, workers }: LocalAgentOptions) {
    if (workers < sources.length)
      throw new Error(`${workers} workers for ${sources.length} sources`);
    this.name = name;
    this.workers = workers;
    this.#pool = pool;
    this.#sources = sources;
  }

  /** Resolves when every worker waits for the start. Rejects with `E_ENGINE`, `E_NAMESPACE` or `E_AGENT`. */
  async arm(shard: Shard): Promise<ArmedShard> {
    const { workload, target } = shard;
    const engine = await pickEngine(workload.engine, workload, target);
    const aborter = new AbortController();
    const arming = Array.from({ length: shard.share.count }, (_, i) => {
      const source = this.#sources[i % this.#sources.length] as LocalSource;
      return armWorker(this.#pool, aborter.signal, {
        engine: engine.name,
        namespaceFd: source.namespaceFd,
        job: {
          workload,
          target,
          worker: { index: shard.share.first + i, of: shard.share.of },
          sourceShare: this.#sourceShare(i, shard.share.count),
          sourceAddress: source.address,
          seed: shard.seed,
          warmUpMs: shard.phases.warmUpMs,
          measureMs: shard.phases.measureMs,
        },
      });
    });
    const workers = await allOrNone(arming);
    return new LocalShard({ agent: this.name, shard, engine, workers, aborter });
  }

  /** The place of worker `i` among those that live in the same source. */
  #sourceShare(i: number, workers: number): { index: number; of: number } {
    const sources = this.#sources.length;
    return { index: Math.floor(i / sources), of: Math.ceil((workers - (i % sources)) / sources) };
  }
}

/** All workers, or the first failure after the others have been called off. */
async function allOrNone(arming: readonly Promise<ArmedWorker>[]): Promise<ArmedWorker[]> {
  const settled = await Promise.allSettled(arming);
  const workers = settled.filter((s) => s.status === "fulfilled").map(({ value }) => value);
  const failure = settled.find((s) => s.status === "rejected");
  if (failure === undefined) return workers;
  for (const worker of workers) worker.start(null);
  throw failure.reason;
}
