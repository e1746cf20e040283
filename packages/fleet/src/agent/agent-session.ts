import { ChurnError, PORTS_INTERVAL_MS, QUEUES_INTERVAL_MS } from "@churnlab/core";
import { askedByArm, askedByPrepare } from "../limits/asked.ts";
import { boundSideMs } from "../limits/bound-side.ts";
import { enforceLimits } from "../limits/enforce-limits.ts";
import type { AgentState } from "../messages/agent-description.ts";
import type { Request } from "../messages/envelope.ts";
import type { LiveMessage } from "../messages/live-message.ts";
import {
  type ArmRequest,
  isSameAttempt,
  type KeyedRequest,
  type PrepareReply,
  type PrepareRequest,
  type ReadReply,
  type ReadRequest,
  type ReplayReply,
  type RestoreReply,
  type StartRequest,
  type TrialKey,
} from "../messages/trial-messages.ts";
import { tellSeldom } from "../tell-seldom.ts";
import type { AgentOptions } from "./agent-options.ts";
import { DeadMan } from "./dead-man.ts";
import type { KeptFence } from "./kept-fence.ts";
import type { KeptResults } from "./kept-results.ts";
import { LiveSampler } from "./live-sampler.ts";
import { type LoadReporting, reportLoad } from "./report-load.ts";
import type { ResultSpool } from "./result-spool.ts";
import { type SideMaker, TrialSide } from "./trial-side.ts";

/** A start that is nearer than this comes too late: workers have to be told of it. */
const LEAD_MS_MIN = 2;
/** Workers that end by themselves do so after the dead-man's switch has: a load that ended so is never taken for a whole one. */
const KEEP_SLACK_MS = 500;

export interface SessionParts {
  readonly options: AgentOptions;
  readonly builder: SideMaker;
  readonly spool: ResultSpool;
  readonly fence: KeptFence;
  readonly publish: LoadReporting["publish"];
  /** Of earlier attempts. */
  readonly kept: Pick<KeptResults, "replayRun" | "replayAttempt">;
  readonly live: (message: LiveMessage) => void;
  /** From now on the heartbeats of this run are heard, each with the controller that it is of. */
  readonly followRun: (run: string, hear: (holder: string) => void) => Disposable;
  /** Without a word from its controller for so long, an attempt is over. */
  readonly deadManMs: number;
  /** What a trial may take besides its phases and time-outs, before its side is over whatever its controller says. */
  readonly besidesMs: number;
}

/** One attempt, from the moment its side is asked for. */
interface Attempt {
  readonly run: string;
  readonly key: TrialKey;
  /** Aborted when nobody waits for it any more: with why. */
  readonly over: AbortController;
  readonly deadMan: DeadMan;
  /** Whether it had load when it was first told to restore; null before that. */
  hadLoad: boolean | null;
}

interface Current extends Attempt {
  readonly side: TrialSide;
  readonly stack: AsyncDisposableStack;
}

/** What one agent does for its controllers: at most one side of one trial at a time. */
export class AgentSession implements AsyncDisposable {
  readonly #parts: SessionParts;
  #current: Current | null = null;
  /** The newest: its side may still be under construction. */
  #attempt: Attempt | null = null;
  /** Of whom there is a side, whole or not: until nothing of it is left. */
  #there: Attempt | null = null;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Whom it serves. A side that is taken down is its run's until that is done: its load may go on for some seconds. */
  get run(): string | null {
    return this.#served?.run ?? null;
  }

  /** Of which attempt that is. */
  get key(): TrialKey | null {
    return this.#served?.key ?? null;
  }

  /** A load that was given up begins nothing any more. */
  get state(): AgentState {
    const current = this.#current;
    if (current === null) return "idle";
    const { state } = current.side;
    return state === "running" && current.over.signal.aborted ? "done" : state;
  }

  /** Before anything is said of it: whoever was frozen for too long has no controller any more, whether a timer has found that or not. */
  judge(): void {
    this.#attempt?.deadMan.judge();
  }

  /** Refuses what comes from a controller that lost its lock; see `KeptFence`. */
  admit(request: Request): void {
    this.#parts.fence.admit(request);
  }

  /**
   * Builds a side, after that of an earlier trial was taken down. The dead-man's time begins before the build: a side that
   * outlives its controller while it is built is given up, and what there is of it goes.
   */
  async prepare({ run, holder }: Request, request: PrepareRequest): Promise<PrepareReply> {
    const { options } = this.#parts;
    enforceLimits(options.limits, askedByPrepare(request, options.network.kind));
    this.#requireRole(request);
    this.#requireCapacity(request);
    this.#giveUp("another trial is to be prepared");
    const attempt = this.#begin(run, request.key);
    const boundMs = boundSideMs(request.spec, options.limits, this.#parts.besidesMs);
    const watch = this.#watchController(attempt, { holder, boundMs });
    return this.#inTurn(async () => {
      await using stack = new AsyncDisposableStack();
      stack.use(watch);
      stack.defer(() => attempt.over.abort());
      await this.#takeDown();
      this.#there = attempt;
      stack.defer(() => {
        this.#there = null;
      });
      void this.#parts.kept.replayRun(run);
      const side = stack.use(await this.#build(request, attempt.over.signal));
      stack.use(this.#sampleLive(run, request, side));
      this.#current = { ...attempt, side, stack: stack.move() };
      this.#keepLoad(attempt);
      return side.describe();
    });
  }

  async arm(request: ArmRequest): Promise<void> {
    enforceLimits(this.#parts.options.limits, askedByArm(request));
    await this.#of(request.key).side.arm(request);
  }

  /** Answers with the time that is left; the load then runs on its own, and its report is published when it has ended. */
  start({ key, startAtMs }: StartRequest): { leadMs: number } {
    const current = this.#of(key);
    const leadMs = current.side.leadMs(startAtMs);
    if (leadMs < LEAD_MS_MIN) {
      throw new ChurnError(
        "E_AGENT",
        `${this.#name} got the start ${(LEAD_MS_MIN - leadMs).toFixed(1)} ms too late, and did not start`,
      );
    }
    const { spool, publish, options } = this.#parts;
    const origin = { run: current.run, agent: this.#name, key: current.side.key };
    const load = current.side.run(startAtMs);
    const { signal } = current.over;
    void reportLoad({ origin, load, signal }, { spool, publish, log: (line) => options.log(line) });
    return { leadMs };
  }

  stop({ key }: KeyedRequest): void {
    this.#of(key).side.stop();
  }

  read(request: ReadRequest): Promise<ReadReply> {
    return this.#of(request.key).side.look(request);
  }

  /** The controller misses results of this attempt: they are published again, once they are on the disk. Answers whether they were. */
  replay(run: string, { key }: KeyedRequest): ReplayReply {
    return { isKept: this.#parts.kept.replayAttempt({ run, agent: this.#name, key }) };
  }

  /** The controller has stored the results of this attempt. */
  finish(run: string, { key }: KeyedRequest): void {
    this.#parts.spool.remove({ run, agent: this.#name, key });
  }

  /**
   * Takes the side of this attempt down; one that is gone already is no failure. Who asks again, as that took longer than he
   * waits, hears the same answer, until another attempt is begun.
   */
  async restore({ key }: KeyedRequest): Promise<RestoreReply> {
    this.judge();
    const attempt = this.#attempt;
    const isNewest = attempt !== null && isSameAttempt(attempt.key, key);
    if (isNewest) {
      attempt.hadLoad ??= this.#current?.over === attempt.over && this.state === "running";
      this.#giveUp("it is restored");
    }
    const hadLoad = isNewest && attempt.hadLoad === true;
    await this.#inTurn(async () => {
      if (this.#current !== null && isSameAttempt(this.#current.side.key, key))
        await this.#takeDown();
    });
    return { hadLoad };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#giveUp("the agent ends");
    await this.#inTurn(() => this.#takeDown());
  }

  get #served(): Attempt | null {
    if (this.#there !== null) return this.#there;
    return this.#attempt?.over.signal.aborted === false ? this.#attempt : null;
  }

  #begin(run: string, key: TrialKey): Attempt {
    const onSilence = (): void =>
      void this.#release(attempt, `no word from the controller of ${run}`);
    const deadMan = new DeadMan(onSilence, this.#parts.deadManMs);
    const over = new AbortController();
    const attempt: Attempt = { run, key, over, deadMan, hadLoad: null };
    this.#attempt = attempt;
    return attempt;
  }

  get #name(): string {
    return this.#parts.options.access.name;
  }

  #requireRole({ part }: PrepareRequest): void {
    const { roles } = this.#parts.options;
    if (roles.includes(part)) return;
    throw new ChurnError(
      "E_REFUSED",
      `${this.#name} was asked for a ${part}, and offers ${roles.join(", ")}`,
      { hint: "It offers what its --role says." },
    );
  }

  #requireCapacity({ workers }: PrepareRequest): void {
    const { capacity } = this.#parts.options;
    if (workers <= capacity) return;
    throw new ChurnError(
      "E_REFUSED",
      `${this.#name} was asked for ${workers} workers and offers ${capacity}`,
      { hint: "It offers as many as its --workers says." },
    );
  }

  async #build(request: PrepareRequest, over: AbortSignal): Promise<TrialSide> {
    const { builder, options, spool } = this.#parts;
    const { addresses, clock } = options;
    over.throwIfAborted();
    spool.probe(this.#name);
    return TrialSide.build(request, { name: this.#name, addresses, builder, clock }, over);
  }

  /** Ends the attempt when its controller has not been heard for too long, or has kept its side for too long. */
  #watchController(
    attempt: Attempt,
    { holder, boundMs }: { readonly holder: string; readonly boundMs: number },
  ): Disposable {
    const stack = new DisposableStack();
    stack.use(attempt.deadMan);
    const why = `the trial of ${attempt.run} is not over after all the time that it may take`;
    const timer = setTimeout(() => void this.#release(attempt, why), boundMs);
    stack.defer(() => clearTimeout(timer));
    stack.use(
      this.#parts.followRun(attempt.run, (heard) => {
        if (heard !== holder) return;
        attempt.deadMan.hear();
        this.#keepLoad(attempt);
      }),
    );
    return stack;
  }

  /** Its workers end by themselves when nobody does this again: they wake at once, and before anybody, when a frozen process goes on. */
  #keepLoad({ over, deadMan }: Attempt): void {
    if (this.#current?.over === over) this.#current.side.keepUntil(deadMan.untilMs + KEEP_SLACK_MS);
  }

  #of(key: TrialKey): Current {
    this.judge();
    const current = this.#current;
    const isThere = current !== null && isSameAttempt(current.side.key, key);
    if (isThere && !current.over.signal.aborted) return current;
    throw new ChurnError(
      "E_AGENT",
      `${this.#name} has prepared no trial ${key.trial}, attempt ${key.attempt}`,
    );
  }

  #sampleLive(
    run: string,
    { key, clockOffsetMs, liveMs }: PrepareRequest,
    side: TrialSide,
  ): LiveSampler {
    const { options, live } = this.#parts;
    const isLine = (seq: number, everyMs: number): boolean =>
      seq % Math.max(1, Math.round(everyMs / liveMs)) === 0;
    const grid = { offsetMs: clockOffsetMs, stepMs: liveMs };
    const tell = tellSeldom((line) => options.log(line));
    const onFailure = (error: unknown): void =>
      tell(`a live sample is missed: ${error instanceof Error ? error.message : String(error)}`);
    const sample = (seq: number): void => {
      live({
        run,
        key,
        seq,
        load: side.live({ latencies: isLine(seq, QUEUES_INTERVAL_MS) }),
        readings: side.readCounters({
          queues: isLine(seq, QUEUES_INTERVAL_MS),
          ports: isLine(seq, PORTS_INTERVAL_MS),
        }),
        targetEnded: side.targetEnded,
      });
    };
    return new LiveSampler(options.clock, grid, { sample, onFailure });
  }

  /** Whatever there is of the attempt, and whoever asked for it, it ends. */
  async #release({ over }: Attempt, why: string): Promise<void> {
    if (over.signal.aborted) return;
    const { options } = this.#parts;
    options.log(`${why}: stopping the load and restoring`);
    over.abort(new ChurnError("E_AGENT", `${this.#name} gave up: ${why}`));
    if (this.#current?.over === over) this.#current.side.stop();
    await this.#inTurn(async () => {
      if (this.#current?.over === over) await this.#takeDown();
    });
    options.log("restored");
  }

  /** Whoever builds or publishes for the newest attempt need not go on. */
  #giveUp(why: string): void {
    this.#attempt?.over.abort(new ChurnError("E_AGENT", `${this.#name} gave up: ${why}`));
  }

  async #takeDown(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    if (current === null) return;
    current.over.abort();
    current.side.stop();
    await current.stack.disposeAsync();
  }

  /** Sides are built and taken down one after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(work, work);
    this.#changing = turn.catch(() => {});
    return turn;
  }
}
