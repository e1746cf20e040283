import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError, isErrorCode } from "@churnlab/core";
import { type NatsConnection, RequestError } from "@nats-io/transport-node";
import { z } from "zod";
import { type ClockOffset, estimateOffset } from "../clock/estimate-offset.ts";
import type { ClockExchange } from "../clock/exchange-clocks.ts";
import { CLOCK_EXCHANGES, RecentExchanges } from "../clock/recent-exchanges.ts";
import { checkMessage } from "../message-codec.ts";
import type { AgentDescription, Heartbeat } from "../messages/agent-description.ts";
import type { LiveMessage } from "../messages/live-message.ts";
import { DEAD_MAN_MS, HEARTBEAT_MS, HEARTBEATS_MISSED_MAX, type Verb } from "../subjects.ts";
import { type Asker, headOf } from "./asker.ts";
import type { ClockLine } from "./clock-line.ts";
import { requestReply } from "./request-reply.ts";

export interface Ask<T> {
  readonly body: unknown;
  readonly schema: z.ZodType<T>;
  /** How long the agent itself may take. */
  readonly withinMs: number;
  /** Asked again while the server is away: only what does no harm twice. */
  readonly again?: boolean;
  /** Aborted when nobody waits for the answer any more: then it is not asked again. */
  readonly signal?: AbortSignal;
}

/** How long a question outlives a server that is being restarted. */
const SERVER_AWAY_MS_MAX = 10_000;
/** Agents find the server again within a few tenths of a second, and then bring what they had to say. */
const ANSWER_AFTER_RETURN_MS = 1500;
/** Between two questions to an agent that is not back yet. */
const RETURN_POLL_MS = 100;
const nothing: z.ZodType = z.unknown();
const { signal: NEVER } = new AbortController();

/** Which exchanges a measurement may use. */
export interface ClockWish {
  /** Not those before, on the controller's clock. */
  readonly sinceMs: number;
  /** So many at least are made now. */
  readonly fresh: number;
}

/** What was found of an agent's clock, and by which exchanges. */
export interface MeasuredClock extends ClockOffset {
  readonly exchanges: readonly ClockExchange[];
}

/** What all links of a controller share. */
export interface LinkParts {
  readonly nc: NatsConnection;
  readonly asker: Asker;
  readonly clocks: ClockLine;
}

/** One agent, seen from the controller. */
export class AgentLink {
  readonly name: string;
  readonly description: AgentDescription;
  readonly #nc: NatsConnection;
  readonly #asker: Asker;
  readonly #clocks: ClockLine;
  readonly #lost = new AbortController();
  #heardAtMs: number;
  /** Not heard since the server was away: it may not be back yet. */
  #isAwaited = false;
  /** Whether its heartbeats are to say that it serves this run. */
  #hasSide = false;
  #clock: ClockOffset | null = null;
  readonly #exchanges = new RecentExchanges();
  #exchange: Promise<void> | null = null;
  readonly #onServerBack = new Set<() => void>();
  /** Told every live message. */
  onLive: (message: LiveMessage) => void = () => {};

  constructor({ nc, asker, clocks }: LinkParts, description: AgentDescription) {
    this.name = description.name;
    this.description = description;
    this.#nc = nc;
    this.#asker = asker;
    this.#clocks = clocks;
    this.#heardAtMs = asker.nowMs();
  }

  /** Aborted, with a `ChurnError` as its reason, when the agent is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get clock(): ClockOffset {
    if (this.#clock === null) throw new Error(`the clock of ${this.name} was not measured`);
    return this.#clock;
  }

  /** Exchanges clocks once, or waits for the exchange that is under way. Rejects like `ask`. */
  async exchangeClock(): Promise<void> {
    this.#exchange ??= this.#exchangeOnce().finally(() => {
      this.#exchange = null;
    });
    await this.#exchange;
  }

  /** Measures by the recent exchanges since a time and new ones: as many as these lack, and at least `fresh`. */
  async measureClock({ sinceMs, fresh }: ClockWish): Promise<MeasuredClock> {
    const known = this.#exchanges.since(sinceMs, this.nowMs()).length;
    const missing = Math.max(fresh, CLOCK_EXCHANGES - known);
    for (let i = 0; i < missing; i++) await this.exchangeClock();
    const exchanges = this.#exchanges.since(sinceMs, this.nowMs());
    this.#clock = estimateOffset(exchanges, this.nowMs());
    return { ...this.#clock, exchanges };
  }

  nowMs(): number {
    return this.#asker.nowMs();
  }

  toAgentMs(controllerMs: number): number {
    return controllerMs + this.clock.offsetMs;
  }

  toControllerMs(agentMs: number): number {
    return agentMs - this.clock.offsetMs;
  }

  /** When it was last heard, or could not be. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  get instance(): string {
    return this.description.instance;
  }

  /** Whether it has a side of this run now: one that says that it has none has given it up, and its results with it. */
  expectSide(hasSide: boolean): void {
    this.#hasSide = hasSide;
  }

  hear({ instance, run }: Heartbeat): void {
    if (instance !== this.instance) {
      this.lose(`${this.name} was started anew: what it had is gone`);
      return;
    }
    this.#heardAtMs = this.#asker.nowMs();
    this.#isAwaited = false;
    if (!this.#hasSide || run === this.#asker.run) return;
    if (run !== null) return this.lose(`The agent ${this.name} serves the run ${run} now`);
    this.lose(
      `The agent ${this.name} let go of its side of the trial, as it does after ${DEAD_MAN_MS / 1000} s without a word from its controller`,
    );
  }

  /** While the server is away nobody can be heard: that is not the agent's silence. */
  excuse(): void {
    this.#heardAtMs = this.#asker.nowMs();
  }

  /** The server was away and is back: questions and answers may be lost with it. */
  reconnect(): void {
    this.excuse();
    this.#isAwaited = true;
    for (const tell of this.#onServerBack) tell();
  }

  /** Declares it lost when it has missed its heartbeats. */
  judge(): void {
    const silentMs = this.#asker.nowMs() - this.#heardAtMs;
    if (silentMs <= (HEARTBEATS_MISSED_MAX + 0.5) * HEARTBEAT_MS) return;
    this.lose(`The agent ${this.name} has not been heard for ${(silentMs / 1000).toFixed(1)} s`);
  }

  /** `hint`: what a person can do about it. */
  lose(why: string, hint?: string): void {
    if (this.#lost.signal.aborted) return;
    this.#lost.abort(new ChurnError("E_AGENT", why, hint === undefined ? {} : { hint }));
  }

  /** Ends with the work, or with the loss of the agent. */
  async unlessLost<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#lost;
    work.catch(() => {}); // whoever is told of the loss hears no more of it
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const onLost = (): void => reject(signal.reason);
    signal.addEventListener("abort", onLost);
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener("abort", onLost);
    }
  }

  /** Asks and waits for the answer. Rejects with the agent's own error, or `E_AGENT` when there is none in time. */
  async ask<T>(
    verb: Verb,
    { body, schema, withinMs, again = false, signal = NEVER }: Ask<T>,
  ): Promise<T> {
    const endMs = this.#asker.nowMs() + withinMs + (again ? SERVER_AWAY_MS_MAX : 0);
    for (;;) {
      try {
        signal.throwIfAborted();
        this.#lost.signal.throwIfAborted(); // a side that is built for an agent that was lost is nobody's
        const asked = this.#request(verb, body, withinMs);
        const answer = again ? this.#unlessAway(asked, signal) : asked;
        return checkMessage(await this.unlessLost(answer), schema);
      } catch (error) {
        if (error instanceof ChurnError) throw error;
        if (signal.aborted) throw this.#explain(verb, error);
        const mayAsk = !this.#nc.isClosed() && this.#asker.nowMs() < endMs;
        if (isNoResponders(error)) {
          // Nobody has heard it: also what may be done once only can be asked again.
          if (!mayAsk || !this.#isAwaited) throw this.#disappear();
          await sleep(RETURN_POLL_MS);
        } else if (!mayAsk || !again) throw this.#explain(verb, error);
      }
    }
  }

  /** Asks for something that has no answer but that it was done. */
  async tell(verb: Verb, ask: Omit<Ask<unknown>, "schema">): Promise<void> {
    await this.ask(verb, { ...ask, schema: nothing });
  }

  /**
   * Rejects when the server was away meanwhile, and the answer has not come soon after: it is not waited for to the end; nor by whom
   * the signal is of.
   */
  async #unlessAway<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
    asked.catch(() => {}); // whoever asks again hears no more of it
    const away = Promise.withResolvers<never>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const giveUp = (): void => away.reject(new Error("the server was away"));
    const onBack = (): void => {
      timer ??= setTimeout(giveUp, ANSWER_AFTER_RETURN_MS);
    };
    this.#onServerBack.add(onBack);
    const onAbort = (): void => away.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      return await Promise.race([asked, away.promise]);
    } finally {
      this.#onServerBack.delete(onBack);
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    }
  }

  async #exchangeOnce(): Promise<void> {
    const untilMs = this.nowMs() + SERVER_AWAY_MS_MAX;
    for (;;) {
      this.#lost.signal.throwIfAborted();
      const exchange = await this.#clocks.ask(this.name);
      if (typeof exchange === "object") return this.#exchanges.note(exchange);
      if (exchange === "gone" && !this.#isAwaited) throw this.#disappear();
      if (this.#nc.isClosed() || this.nowMs() >= untilMs) {
        throw new ChurnError("E_AGENT", `The agent ${this.name} did not tell its clock`);
      }
      if (exchange === "gone") await sleep(RETURN_POLL_MS);
    }
  }

  async #request(verb: Verb, body: unknown, withinMs: number): Promise<unknown> {
    const question = { ...headOf(this.#asker, this.name), body, verb, withinMs };
    const reply = await requestReply(this.#nc, question);
    if (reply.ok) return reply.body;
    const code = isErrorCode(reply.code) ? reply.code : "E_AGENT";
    const text = `${this.name}: ${reply.message}`;
    // Another controller has it: for this one's trial it is lost.
    if (code === "E_FLEET_LOCKED") {
      this.lose(text, reply.hint);
      throw this.#lost.signal.reason;
    }
    throw new ChurnError(code, text, reply.hint === undefined ? {} : { hint: reply.hint });
  }

  #disappear(): ChurnError {
    this.lose(`The agent ${this.name} is gone`);
    return this.#lost.signal.reason as ChurnError;
  }

  #explain(verb: Verb, cause: unknown): ChurnError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new ChurnError("E_AGENT", `The agent ${this.name} did not answer ${verb}: ${why}`, {
      cause,
    });
  }
}

function isNoResponders(error: unknown): boolean {
  return error instanceof RequestError && error.isNoResponders();
}
