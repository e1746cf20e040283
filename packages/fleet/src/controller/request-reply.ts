import type { NatsConnection } from "@nats-io/transport-node";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { PROTOCOL, type Reply, type Request, replySchema } from "../messages/envelope.ts";
import { type Verb, verbSubject } from "../subjects.ts";
import { askAgent } from "./ask-agent.ts";

/** What an agent is asked, and by whom. */
export interface AgentQuestion extends Omit<Request, "protocol"> {
  readonly agent: string;
  readonly verb: Verb;
  /** How long the answer is waited for. */
  readonly withinMs: number;
}

/** What the agent answers, be it a refusal. Rejects as `askAgent` does, and with `E_AGENT` for what is no reply. */
export async function requestReply(
  nc: NatsConnection,
  { agent, verb, withinMs, ...ask }: AgentQuestion,
): Promise<Reply> {
  const request: Request = { protocol: PROTOCOL, ...ask };
  const subject = verbSubject(agent, verb);
  const answer = await askAgent(nc, { agent, subject, data: encodeMessage(request), withinMs });
  return decodeMessage(answer.data, replySchema);
}
