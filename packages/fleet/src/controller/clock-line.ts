import { type Msg, type NatsConnection, nuid } from "@nats-io/transport-node";
import { z } from "zod";
import { type ClockExchange, noteExchange } from "../clock/exchange-clocks.ts";
import { decodeMessage } from "../message-codec.ts";
import { answerSubject, clockSubject } from "../subjects.ts";
import { isNobody } from "./is-nobody.ts";

/** No answer in this time is none. */
const ANSWER_MS_MAX = 2000;

const replySchema: z.ZodType<number> = z.number();

/** Why there is no exchange: nobody listens there, or there was no answer in time. */
export type ClockSilence = "gone" | "late";

interface Pending {
  readonly sentMs: number;
  readonly end: (outcome: ClockExchange | ClockSilence) => void;
}

/**
 * Exchanges clocks with all agents on one subscription. Thousands a second are made: each is a message without a body, an answer of one
 * number, and the time at which it is read from the line; a request of the client's own costs ten times as much.
 */
export class ClockLine implements Disposable {
  readonly #nc: NatsConnection;
  readonly #nowMs: () => number;
  readonly #line: string = nuid.next();
  readonly #pending = new Map<string, Pending>();
  readonly #held = new DisposableStack();
  #asked = 0;

  constructor(nc: NatsConnection, nowMs: () => number) {
    this.#nc = nc;
    this.#nowMs = nowMs;
    const subscription = nc.subscribe(answerSubject("*", this.#line, "*"), {
      callback: (error, message) => {
        if (error === null) this.#hear(message);
      },
    });
    this.#held.defer(() => subscription.unsubscribe());
  }

  /** Asks an agent for its clock once. */
  ask(agent: string): Promise<ClockExchange | ClockSilence> {
    const reply = answerSubject(agent, this.#line, this.#asked++);
    const { promise, resolve } = Promise.withResolvers<ClockExchange | ClockSilence>();
    const timer = setTimeout(() => this.#pending.get(reply)?.end("late"), ANSWER_MS_MAX);
    const end: Pending["end"] = (outcome) => {
      clearTimeout(timer);
      this.#pending.delete(reply);
      resolve(outcome);
    };
    this.#pending.set(reply, { sentMs: this.#nowMs(), end });
    this.#nc.publish(clockSubject(agent), undefined, { reply });
    return promise;
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    for (const { end } of this.#pending.values()) end("late");
  }

  #hear(message: Msg): void {
    const receivedMs = this.#nowMs();
    const pending = this.#pending.get(message.subject);
    if (pending === undefined) return;
    if (isNobody(message)) pending.end("gone");
    else pending.end(readExchange(message, pending.sentMs, receivedMs));
  }
}

/** What is no number is no answer. */
function readExchange(
  { data }: Msg,
  sentMs: number,
  receivedMs: number,
): ClockExchange | ClockSilence {
  try {
    return noteExchange({ sentMs, theirsMs: decodeMessage(data, replySchema), receivedMs });
  } catch {
    return "late";
  }
}
