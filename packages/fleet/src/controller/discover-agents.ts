import { Svcm } from "@nats-io/services";
import type { NatsConnection } from "@nats-io/transport-node";
import { type AgentDescription, agentDescriptionSchema } from "../messages/agent-description.ts";
import { NO_FENCE } from "../messages/fence.ts";
import { AGENT_SERVICE } from "../subjects.ts";
import { askOnce } from "./ask-once.ts";
import type { AgentQuestion } from "./request-reply.ts";

/** After the last answer of an agent, none is waited for any longer. */
const DISCOVERY_STALL_MS = 300;
const DISCOVERY_MS_MAX = 3000;

/**
 * Every agent that answers. Who there is, anybody may say; what it is, it is asked on its own subject, on which nobody else
 * hears.
 */
export async function discoverAgents(
  nc: NatsConnection,
  { churnlab, run, holder }: Pick<AgentQuestion, "churnlab" | "run" | "holder">,
): Promise<AgentDescription[]> {
  const own = { churnlab, run, holder, fence: NO_FENCE };
  const names: string[] = [];
  const client = new Svcm(nc).client({
    strategy: "stall",
    stall: DISCOVERY_STALL_MS,
    maxWait: DISCOVERY_MS_MAX,
  });
  try {
    for await (const { metadata } of await client.info(AGENT_SERVICE)) {
      names.push(metadata?.["agent"] ?? "");
    }
  } catch (error) {
    // No responders: nobody offers the service.
    if (!(error instanceof Error) || !/no.?responders/i.test(`${error.name} ${error.message}`)) {
      throw error;
    }
  }
  // Whoever may be asked may say any name: the answer then comes from the agent that has it, once.
  const described = await Promise.allSettled(
    [...new Set(names)].map(async (agent) => {
      const ask = { ...own, agent, verb: "describe", body: null } as const;
      return agentDescriptionSchema.parse(await askOnce(nc, ask));
    }),
  );
  return described.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}
