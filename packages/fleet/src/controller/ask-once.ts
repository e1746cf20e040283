import { ChurnError } from "@churnlab/core";
import type { NatsConnection } from "@nats-io/transport-node";
import { type AgentQuestion, requestReply } from "./request-reply.ts";

const ANSWER_MS_MAX = 2000;

/** Asks an agent that there may be no link with. */
export async function askOnce(
  nc: NatsConnection,
  question: Omit<AgentQuestion, "withinMs">,
): Promise<unknown> {
  const reply = await requestReply(nc, { ...question, withinMs: ANSWER_MS_MAX });
  if (!reply.ok) throw new ChurnError("E_AGENT", reply.message);
  return reply.body;
}
