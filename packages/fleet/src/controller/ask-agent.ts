import {
  ClosedConnectionError,
  type Msg,
  type NatsConnection,
  NoRespondersError,
  nuid,
  RequestError,
  TimeoutError,
} from "@nats-io/transport-node";
import { answerSubject } from "../subjects.ts";
import { isNobody } from "./is-nobody.ts";

export interface AgentAsk {
  readonly agent: string;
  /** One of the agent's own: nobody else hears what is asked there. */
  readonly subject: string;
  readonly data: string;
  readonly withinMs: number;
}

/**
 * Asks an agent. It answers below its own name, so that the answer is of nobody else: the client's own requests have one inbox for
 * the answers of all. Rejects with the client's `RequestError` (nobody listens), `TimeoutError`, or that the connection is closed.
 */
export async function askAgent(nc: NatsConnection, ask: AgentAsk): Promise<Msg> {
  let line = lines.get(nc);
  if (line === undefined) {
    line = new AnswerLine(nc);
    lines.set(nc, line);
  }
  return line.ask(ask);
}

/** Of every connection that asks: one subscription. */
const lines = new WeakMap<NatsConnection, AnswerLine>();

interface Pending {
  readonly resolve: (answer: Msg) => void;
  readonly reject: (why: Error) => void;
}

class AnswerLine {
  readonly #nc: NatsConnection;
  readonly #line: string = nuid.next();
  readonly #pending = new Map<string, Pending>();
  #asked = 0;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    nc.subscribe(answerSubject("*", this.#line, "*"), {
      callback: (error, message) => {
        if (error === null) this.#hear(message);
      },
    });
    void this.#endWith(nc);
  }

  async ask({ agent, subject, data, withinMs }: AgentAsk): Promise<Msg> {
    const reply = answerSubject(agent, this.#line, this.#asked++);
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    const timer = setTimeout(() => reject(new TimeoutError()), withinMs);
    this.#pending.set(reply, { resolve, reject });
    try {
      this.#nc.publish(subject, data, { reply });
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(reply);
    }
  }

  async #endWith(nc: NatsConnection): Promise<void> {
    await nc.closed();
    for (const { reject } of this.#pending.values()) reject(new ClosedConnectionError());
  }

  #hear(message: Msg): void {
    const pending = this.#pending.get(message.subject);
    if (pending === undefined) return;
    if (!isNobody(message)) return pending.resolve(message);
    const cause = new NoRespondersError(message.subject);
    pending.reject(new RequestError("nobody listens", { cause }));
  }
}

export interface OpenQuestion {
  readonly subject: string;
  readonly data: string;
  /** Where it is answered. */
  readonly reply: string;
  /** After the last answer, no other is waited for any longer; the first may take until `withinMs`. */
  readonly stallMs: number;
  readonly withinMs: number;
}

/** Every answer to what more than one may answer; none where nobody listens. */
export async function collectAnswers(
  nc: NatsConnection,
  { subject, data, reply, stallMs, withinMs }: OpenQuestion,
): Promise<Uint8Array[]> {
  const answers: Uint8Array[] = [];
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  let stall: ReturnType<typeof setTimeout> | undefined;
  const subscription = nc.subscribe(reply, {
    callback: (error, message) => {
      if (error !== null || isNobody(message)) return end();
      answers.push(message.data);
      clearTimeout(stall);
      stall = setTimeout(end, stallMs);
    },
  });
  const timer = setTimeout(end, withinMs);
  try {
    nc.publish(subject, data, { reply });
    await isOver;
    return answers;
  } finally {
    clearTimeout(timer);
    clearTimeout(stall);
    subscription.unsubscribe();
  }
}
