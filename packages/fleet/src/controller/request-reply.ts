import type { NatsConnection } from "@nats-io/transport-node";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { PROTOCOL, type Reply, type Request, replySchema } from "../messages/envelope.ts";
import { type Verb, verbSubject } from "../subjects.ts";

/** What an agent is asked, and by whom. */
export interface AgentQuestion extends Omit<Request, "protocol"> {
  readonly agent: string;
  readonly verb: Verb;
  /** How long the answer is waited for. */
  readonly withinMs: number;
}

/** What the agent answers, be it a refusal. Rejects as `NatsConnection.request` does, and with `E_AGENT` for what is no reply. */
export async function requestReply(
  nc: NatsConnection,
  { agent, verb, withinMs: timeout, ...ask }: AgentQuestion,
): Promise<Reply> {
  const request: Request = { protocol: PROTOCOL, ...ask };
  const { data } = await nc.request(verbSubject(agent, verb), encodeMessage(request), { timeout });
  return decodeMessage(data, replySchema);
}
