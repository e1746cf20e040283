import { setTimeout as sleep } from "node:timers/promises";
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
import {
  type ArmRequest,
  type KeyedRequest,
  replayReplySchema,
  type StartRequest,
  type TrialKey,
} from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";
import type { ResultCollector } from "./result-collector.ts";

const ARM_MS_MAX = 15_000;
const STOP_MS_MAX = 2000;
/** An agent that got the start too late says so after it. */
const REFUSAL_MS_MAX = 1000;
/** What an agent may take beyond its phases and time-outs to bring its results. */
const RESULT_GRACE_MS = 20_000;

/** Of that, until an agent whose results are missed is asked for them again; and again, until it has them. */
const REPLAY_AFTER_MS = 8000;
const REPLAY_MS_MAX = 2000;

/** While a report is waited for. */
const SHORTAGE_POLL_MS = 1000;

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
  /** Beyond its load and time-outs, until it is asked for its results again; absent: 8 s. */
  readonly replayAfterMs?: number;
}

/** When something becomes of a report that does not come, in milliseconds from now. */
interface ReportBounds {
  /** Its load is over. */
  readonly offeredMs: number;
  /** It is asked for again: the stream may have lost it. */
  readonly missedMs: number;
  /** It is overdue. */
  readonly allowedMs: number;
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
      readCpuUs: () => told().cpuUs,
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
    const offeredMs = startAtMs - link.nowMs() + phases.warmUpMs + phases.measureMs;
    const endedMs = offeredMs + connectMs + 2 * responseMs;
    const { replayAfterMs = REPLAY_AFTER_MS } = this.#options;
    const bounds = {
      offeredMs,
      missedMs: endedMs + replayAfterMs,
      allowedMs: endedMs + RESULT_GRACE_MS,
    };
    const whole = await this.#within(target.unlessLost(link.unlessLost(report)), bounds);
    this.#start = whole.startLateMs;
    return whole;
  }

  async #within(report: Promise<ShardReport>, bounds: ReportBounds): Promise<ShardReport> {
    const waiting = new AbortController();
    const missing = this.#explainMissing(bounds, waiting.signal);
    missing.catch(() => {}); // of no interest once the report is there
    try {
      return await Promise.race([report, missing]);
    } finally {
      waiting.abort();
    }
  }

  /** Rejects when a report is overdue; where the stream takes none, soon after the load, which it is then known to be in vain. */
  async #explainMissing(
    { offeredMs, missedMs, allowedMs }: ReportBounds,
    signal: AbortSignal,
  ): Promise<never> {
    const { results } = this.#options;
    const missedAtMs = performance.now() + missedMs;
    const endMs = performance.now() + allowedMs;
    const pause = (ms: number): Promise<unknown> =>
      sleep(Math.max(0, Math.min(ms, endMs - performance.now())), undefined, { signal });
    let wasShort = false;
    let isAskedAgain = false;
    await pause(offeredMs);
    while (performance.now() < endMs) {
      await pause(SHORTAGE_POLL_MS);
      const isShort = await results.isShort();
      if (isShort && wasShort) break;
      wasShort = isShort;
      if (!isAskedAgain && performance.now() >= missedAtMs) isAskedAgain = await this.#askAgain();
    }
    const why = await results.explainSilence();
    throw new ChurnError("E_AGENT", `No results of ${this.name} came in time${why}`);
  }

  /** Whether it had them to bring: what the stream took and lost, nobody brings unasked. */
  async #askAgain(): Promise<boolean> {
    const { link, key, results } = this.#options;
    const body: KeyedRequest = { key };
    try {
      await results.reopen();
      const ask = { body, schema: replayReplySchema, withinMs: REPLAY_MS_MAX };
      return (await link.ask("replay", ask)).isKept;
    } catch {
      return false;
    }
  }

  #stop(): void {
    const { link, key } = this.#options;
    const body: KeyedRequest = { key };
    // One that cannot be told has its dead-man's switch.
    link.tell("stop", { body, withinMs: STOP_MS_MAX, again: true }).catch(() => {});
  }
}
