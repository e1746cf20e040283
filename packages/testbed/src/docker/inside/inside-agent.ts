import {
  type Agent,
  type ArmedShard,
  EMPTY_LIVE_TALLY,
  type HistogramRecord,
  type LiveTally,
  type Shard,
  type ShardReport,
} from "@churnlab/core";
import type { InsideLink } from "./inside-link.ts";
import type { BuiltWorld, LiveLoad } from "./inside-messages.ts";

const ARM_MS_MAX = 15_000;
const STOP_MS_MAX = 2000;
/** What a report may take beyond phases and time-outs. */
const REPORT_GRACE_MS = 20_000;

/** The load generator that is in the container that measures. */
export class InsideAgent implements Agent {
  readonly name: string;
  readonly workers: number;
  readonly #link: InsideLink;
  #tally: LiveTally = EMPTY_LIVE_TALLY;
  #cpuUs: number | null = null;
  #latencies: HistogramRecord[] = [];

  constructor(link: InsideLink, { name, workers }: BuiltWorld["agent"]) {
    this.name = name;
    this.workers = workers;
    this.#link = link;
  }

  take({ tally, cpuUs, latencies }: LiveLoad): void {
    this.#tally = tally;
    this.#cpuUs = cpuUs ?? this.#cpuUs;
    this.#latencies.push(...latencies);
  }

  async arm(shard: Shard): Promise<ArmedShard> {
    const { engine } = await this.#link.ask("arm", shard, ARM_MS_MAX);
    return {
      ...(engine === undefined ? {} : { engine }),
      run: (startAtMs) => this.#run(shard, startAtMs),
      live: () => this.#tally,
      takeLatencies: () => this.#latencies.splice(0),
      readCpuUs: () => this.#cpuUs,
      stop: () => {
        // One that cannot be told is gone, or is removed with the trial.
        this.#link.ask("stop", null, STOP_MS_MAX).catch(() => {});
      },
    };
  }

  async #run({ phases, workload }: Shard, startAtMs: number): Promise<ShardReport> {
    const { connectMs, responseMs } = workload.timeouts;
    const loadMs = phases.warmUpMs + phases.measureMs + connectMs + 2 * responseMs;
    return this.#link.ask("run", { startAtMs }, loadMs + REPORT_GRACE_MS);
  }
}
