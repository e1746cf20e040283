import {
  type Agent,
  type ArmedShard,
  ChurnError,
  EMPTY_LIVE_TALLY,
  type HistogramRecord,
  type Shard,
  type ShardReport,
} from "@churnlab/core";
import { z } from "zod";
import { unpackHistogram } from "../histogram-codec.ts";
import type { LiveLoad } from "../messages/live-message.ts";
import type {
  ArmRequest,
  KeyedRequest,
  StartRequest,
  TrialKey,
} from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";
import type { ResultCollector } from "./result-collector.ts";

const ARM_MS_MAX = 15_000;
const STOP_MS_MAX = 2000;
/** An agent that got the start too late says so after it. */
const REFUSAL_MS_MAX = 1000;
/** What an agent may take beyond its phases and time-outs to bring its results. */
const RESULT_GRACE_MS = 20_000;

const startReply = z.strictObject({ leadMs: z.number() });

const NOTHING_TOLD: LiveLoad = {
  tally: EMPTY_LIVE_TALLY,
  engine: null,
  cpuUs: null,
  latencies: [],
};

export interface RemoteAgentOptions {
  readonly link: AgentLink;
  /** Of the trial's target: when it is lost, the load is for nothing. */
  readonly target: Pick<AgentLink, "unlessLost">;
  readonly workers: number;
  readonly key: TrialKey;
  readonly results: ResultCollector;
}

/** An agent on another machine, for one attempt at one trial. */
export class RemoteAgent implements Agent {
  readonly name: string;
  readonly workers: number;
  readonly #options: RemoteAgentOptions;
  #live: LiveLoad = NOTHING_TOLD;
  #latencies: HistogramRecord[] = [];
  /** null before its report came. */
  #start: ShardReport["startLateMs"] | null = null;

  constructor(options: RemoteAgentOptions) {
    this.name = options.link.name;
    this.workers = options.workers;
    this.#options = options;
  }

  /** Why it was lost, although it had sent its report by then; null where it was not. */
  get lostAfterwards(): string | null {
    const { lost } = this.#options.link;
    return this.reported && lost.aborted ? (lost.reason as Error).message : null;
  }

  /** Whether its report came: it is whoever ran the shard that keeps it. */
  get reported(): boolean {
    return this.#start !== null;
  }

  /** How late its workers began, where its report says so. */
  get startLateMs(): ShardReport["startLateMs"] {
    return this.#start ?? undefined;
  }

  /** What it last told of its load. */
  take(load: LiveLoad): void {
    this.#live = load;
    this.#latencies.push(...load.latencies.map(unpackHistogram));
  }

  async arm(shard: Shard): Promise<ArmedShard> {
    const { link, key } = this.#options;
    const { seed, workload, phases, target, share } = shard;
    const body: ArmRequest = { key, seed, workload, phases, target, share };
    await link.tell("arm", { body, withinMs: ARM_MS_MAX });
    const told = (): LiveLoad => this.#live;
    return {
      run: (startAtMs) => this.#run(shard, startAtMs),
      live: () => told().tally,
      takeLatencies: () => this.#latencies.splice(0),
      readCpuUs: () => told().cpuUs ?? 0,
      get engine() {
        return told().engine ?? "";
      },
      stop: () => this.#stop(),
    };
  }

  /** The report; rejects with `E_AGENT` when the agent is lost, starts too late, or sends nothing in time. */
  async #run({ phases, workload }: Shard, startAtMs: number): Promise<ShardReport> {
    const { link, target, key, results } = this.#options;
    const report = results.expect(this.name, key);
    report.catch(() => {}); // awaited below, unless the agent does not start
    const body: StartRequest = { key, startAtMs: link.toAgentMs(startAtMs) };
    await link.ask("start", {
      body,
      schema: startReply,
      withinMs: Math.max(0, startAtMs - link.nowMs()) + REFUSAL_MS_MAX,
    });
    const { connectMs, responseMs } = workload.timeouts;
    const loadMs = phases.warmUpMs + phases.measureMs + connectMs + 2 * responseMs;
    const allowedMs = startAtMs - link.nowMs() + loadMs + RESULT_GRACE_MS;
    const whole = await this.#within(target.unlessLost(link.unlessLost(report)), allowedMs);
    this.#start = whole.startLateMs;
    return whole;
  }

  async #within(report: Promise<ShardReport>, allowedMs: number): Promise<ShardReport> {
    const late = Promise.withResolvers<never>();
    const giveUp = async (): Promise<void> => {
      const why = await this.#options.results.explainSilence();
      late.reject(new ChurnError("E_AGENT", `No results of ${this.name} came in time${why}`));
    };
    const timer = setTimeout(() => void giveUp(), allowedMs);
    try {
      return await Promise.race([report, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #stop(): void {
    const { link, key } = this.#options;
    const body: KeyedRequest = { key };
    // One that cannot be told has its dead-man's switch.
    link.tell("stop", { body, withinMs: STOP_MS_MAX, again: true }).catch(() => {});
  }
}
