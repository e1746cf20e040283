import { ChurnError } from "@churnlab/core";
import { type NatsConnection, nuid } from "@nats-io/transport-node";
import { z } from "zod";
import { checkMessage, decodeMessage, encodeMessage } from "../message-codec.ts";
import { type AgentDescription, agentDescriptionSchema } from "../messages/agent-description.ts";
import {
  formatVersion,
  PROTOCOL,
  type Request,
  spokenVersionSchema,
} from "../messages/envelope.ts";
import { NO_FENCE } from "../messages/fence.ts";
import {
  AGENT_INFO_SUBJECT,
  AGENT_NAME,
  answerSubject,
  foundSubject,
  verbSubject,
} from "../subjects.ts";
import { askAgent, collectAnswers } from "./ask-agent.ts";

/** After the last answer of an agent, none is waited for any longer. */
const DISCOVERY_STALL_MS = 300;
const DISCOVERY_MS_MAX = 3000;
/** An agent that lives describes itself at once. */
const DESCRIBE_MS_MAX = 2000;

/** An agent of another version: what it says of itself is not read. */
export interface ForeignAgent {
  readonly name: string;
  /** For people. */
  readonly version: string;
}

/** Who there is. Two descriptions of one name are two agents that both have it. */
export interface FoundAgents {
  readonly agents: readonly AgentDescription[];
  readonly foreign: readonly ForeignAgent[];
}

export interface Discoverer extends Pick<Request, "churnlab" | "run" | "holder"> {
  /** One line for people: of an agent whose description is not understood. */
  readonly log: (line: string) => void;
}

/** What answers under the name of the service: anybody may. */
interface Announced {
  /** Its churnlab. */
  version: string;
  readonly instances: Set<string>;
}

/**
 * Every agent that answers. Who there is, anybody may say; what it is, it is asked on its own subject, on which nobody else
 * hears.
 */
export async function discoverAgents(
  nc: NatsConnection,
  { log, ...own }: Discoverer,
): Promise<FoundAgents> {
  const agents: AgentDescription[] = [];
  const foreign: ForeignAgent[] = [];
  const asking = { ...own, protocol: PROTOCOL, fence: NO_FENCE, body: null };
  const describing = [...(await listAnnounced(nc))].map(async ([name, announced]) => {
    const isShared = announced.instances.size > 1;
    for (const answer of await askAll(nc, { name, asking, isShared })) {
      const version = readVersion(answer) ?? announced.version;
      try {
        if (version !== formatVersion(asking)) foreign.push({ name, version });
        else agents.push(readDescription(answer, name));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        log(`what the agent ${name} says of itself is not understood, and it is not used: ${why}`);
      }
    }
  });
  await Promise.all(describing);
  return { agents, foreign };
}

async function listAnnounced(nc: NatsConnection): Promise<ReadonlyMap<string, Announced>> {
  const announced = new Map<string, Announced>();
  const answers = await collectAnswers(nc, {
    subject: AGENT_INFO_SUBJECT,
    data: "",
    reply: foundSubject(nuid.next()),
    stallMs: DISCOVERY_STALL_MS,
    withinMs: DISCOVERY_MS_MAX,
  });
  for (const answer of answers) {
    const info = readInfo(answer);
    if (info === null) continue;
    const { id, version, metadata } = info;
    const name = metadata["agent"] ?? "";
    if (!AGENT_NAME.test(name)) continue;
    const known = announced.get(name) ?? { version, instances: new Set() };
    known.instances.add(metadata["instance"] ?? id);
    announced.set(name, known);
  }
  return announced;
}

/** What of a service's description is read here. */
const infoSchema = z.object({
  id: z.string(),
  version: z.string(),
  metadata: z.record(z.string(), z.string()),
});

/** null: it is none. */
function readInfo(answer: Uint8Array): z.infer<typeof infoSchema> | null {
  try {
    return decodeMessage(answer, infoSchema);
  } catch {
    return null;
  }
}

interface Asking {
  readonly name: string;
  readonly asking: Request;
  /** Whether more than one may answer: then it is listened for them. */
  readonly isShared: boolean;
}

/** Every answer; none where nobody listens. */
async function askAll(nc: NatsConnection, { name, asking, isShared }: Asking): Promise<unknown[]> {
  const question = { subject: verbSubject(name, "describe"), data: encodeMessage(asking) };
  try {
    if (!isShared) {
      const asked = { ...question, agent: name, withinMs: DESCRIBE_MS_MAX };
      return [decodeMessage((await askAgent(nc, asked)).data, z.unknown())];
    }
    const reply = answerSubject(name, nuid.next(), 0);
    const wait = { stallMs: DISCOVERY_STALL_MS, withinMs: DISCOVERY_STALL_MS };
    const answers = await collectAnswers(nc, { ...question, reply, ...wait });
    return answers.map((answer) => decodeMessage(answer, z.unknown()));
  } catch {
    return [];
  }
}

/** What of a reply is the same in all versions. */
const describedSchema = z.object({ body: spokenVersionSchema });

/** null: it refuses the question, as one does that knows only questions of another shape. */
function readVersion(answer: unknown): string | null {
  const { success, data } = describedSchema.safeParse(answer);
  return success ? formatVersion(data.body) : null;
}

const replySchema = z.strictObject({ ok: z.literal(true), body: agentDescriptionSchema });

/** Throws `E_AGENT` for what is no description of this version, or another's. */
function readDescription(answer: unknown, name: string): AgentDescription {
  const { body } = checkMessage(answer, replySchema);
  if (body.name === name) return body;
  throw new ChurnError("E_AGENT", `Agent ${name} calls itself ${body.name}`);
}
