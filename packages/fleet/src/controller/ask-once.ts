import { ChurnError } from "@churnlab/core";
import type { NatsConnection } from "@nats-io/transport-node";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { PROTOCOL, type Request, replySchema } from "../messages/envelope.ts";
import { type Verb, verbSubject } from "../subjects.ts";

const ANSWER_MS_MAX = 2000;

export interface OnceAsked extends Omit<Request, "protocol"> {
  readonly agent: string;
  readonly verb: Verb;
}

/** Asks an agent that there may be no link with. */
export async function askOnce(
  nc: NatsConnection,
  { agent, verb, ...ask }: OnceAsked,
): Promise<unknown> {
  const request: Request = { protocol: PROTOCOL, ...ask };
  const { data } = await nc.request(verbSubject(agent, verb), encodeMessage(request), {
    timeout: ANSWER_MS_MAX,
  });
  const reply = decodeMessage(data, replySchema);
  if (!reply.ok) throw new ChurnError("E_AGENT", reply.message);
  return reply.body;
}
