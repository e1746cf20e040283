import type { NatsConnection } from "@nats-io/transport-node";
import { checkMessage } from "../message-codec.ts";
import {
  type KeyedRequest,
  restoreReplySchema,
  type TrialKey,
} from "../messages/trial-messages.ts";
import { type Asker, headOf } from "./asker.ts";
import { requestReply } from "./request-reply.ts";

/** How long an agent that was lost may take to answer before it is told again. */
const RECALL_MS_MAX = 2000;

export interface RecallParts {
  readonly nc: NatsConnection;
  readonly asker: Asker;
  /** One line for people: of a host that could not be put back. */
  readonly log: (line: string) => void;
}

/**
 * Has an agent that was lost take its side of an attempt down. Resolves with any answer, and whether there was load until then;
 * rejects where there is none.
 */
export async function recallSide(
  { nc, asker, log }: RecallParts,
  agent: string,
  key: TrialKey,
): Promise<boolean> {
  const body: KeyedRequest = { key };
  const question = {
    ...headOf(asker, agent),
    body,
    verb: "restore",
    withinMs: RECALL_MS_MAX,
  } as const;
  const reply = await requestReply(nc, question);
  if (reply.ok) return checkMessage(reply.body, restoreReplySchema).hadLoad;
  // Another run's agent has no side of this one.
  if (reply.code === "E_FLEET_LOCKED") return false;
  const hint = reply.hint === undefined ? "" : ` (${reply.hint})`;
  log(`${agent} was lost, and does not restore its host: ${reply.message}${hint}`);
  return false;
}
