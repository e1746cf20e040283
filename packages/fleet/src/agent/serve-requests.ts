import { ChurnError } from "@churnlab/core";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { z } from "zod";
import { checkMessage, decodeMessage, encodeMessage } from "../message-codec.ts";
import type { AgentDescription } from "../messages/agent-description.ts";
import {
  formatVersion,
  isSameVersion,
  PROTOCOL,
  type Reply,
  requestSchema,
  type SpokenVersion,
  spokenVersionSchema,
} from "../messages/envelope.ts";
import {
  armRequestSchema,
  keyedRequestSchema,
  prepareRequestSchema,
  readRequestSchema,
  startRequestSchema,
} from "../messages/trial-messages.ts";
import { agentSubjects, clockSubject, VERBS, type Verb } from "../subjects.ts";
import { tellBounded } from "../tell-bounded.ts";
import type { AgentOptions } from "./agent-options.ts";
import type { AgentSession } from "./agent-session.ts";

/** Of refusals, which anybody who may ask can cause. */
const REFUSALS_TOLD = { burst: 50, everyMs: 10_000, nowMs: () => performance.now() };

export interface ServingParts {
  readonly options: Pick<AgentOptions, "access" | "churnlab" | "clock" | "log">;
  readonly describe: () => Promise<AgentDescription>;
}

/** Answers what is asked of the agent's name. `refused` resolves where the server does not let the agent hear what is asked of its name. */
export function serveRequests(
  nc: NatsConnection,
  session: AgentSession,
  parts: ServingParts,
): Disposable & { readonly refused: Promise<ChurnError> } {
  const { access, clock } = parts.options;
  const { name } = access;
  const tellRefusal = tellBounded((line) => parts.options.log(line), REFUSALS_TOLD);
  const { promise: refused, resolve } = Promise.withResolvers<ChurnError>();
  const ownClock = clockSubject(name);
  const subscription = nc.subscribe(agentSubjects(name), {
    callback: (error, message) => {
      if (error !== null) resolve(refuseName(name, error));
      // At once, and of anybody: it tells nothing else, and what it takes to answer is part of what is measured.
      else if (message.subject === ownClock) reply(message, clock.nowMs(), parts.options);
      else void answer(message, { session, tellRefusal, ...parts });
    },
  });
  return { refused, [Symbol.dispose]: () => subscription.unsubscribe() };
}

function refuseName(name: string, cause: Error): ChurnError {
  return new ChurnError(
    "E_NATS",
    `The server does not let this agent be ${name}: ${cause.message}`,
    {
      hint: "A key is for one name: use the file that fleet init wrote for this agent, without --name.",
      cause,
    },
  );
}

interface AnsweringParts extends ServingParts {
  readonly session: AgentSession;
  readonly tellRefusal: (line: string) => void;
}

async function answer(message: Msg, parts: AnsweringParts): Promise<void> {
  let answered: Reply;
  try {
    const verb = verbOf(message.subject);
    const asked = decodeMessage(message.data, z.unknown());
    answered = { ok: true, body: (await act(verb, asked, parts)) ?? null };
  } catch (error) {
    answered = refusal(error);
    const { message: why, hint } = answered;
    parts.tellRefusal(
      `${message.subject}: refused: ${why}${hint === undefined ? "" : ` (${hint})`}`,
    );
  }
  reply(message, answered, parts.options);
}

/** Never throws, which would end the reading of the connection: what cannot be answered is told of. */
function reply(message: Msg, body: unknown, { log }: Pick<AgentOptions, "log">): void {
  try {
    message.respond(encodeMessage(body));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log(`${message.subject}: not answered: ${why}`);
  }
}

function refusal(error: unknown): Extract<Reply, { ok: false }> {
  if (error instanceof ChurnError) {
    const { code, message, hint } = error;
    return { ok: false, code, message, hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, code: "E_AGENT", message };
}

function verbOf(subject: string): Verb {
  const last = subject.split(".").at(-1);
  const verb = VERBS.find((known) => known === last);
  if (verb === undefined) throw new ChurnError("E_AGENT", `No agent knows ${last}`);
  return verb;
}

async function act(
  verb: Verb,
  asked: unknown,
  { session, options, describe }: AnsweringParts,
): Promise<unknown> {
  if (verb === "describe") return describe();
  requireVersion(checkMessage(asked, spokenVersionSchema), options);
  const request = checkMessage(asked, requestSchema);
  const { body, run } = request;
  // Of stored results, also the controller may tell that has no lock on this agent.
  if (verb === "finish") return session.finish(run, checkMessage(body, keyedRequestSchema));
  session.admit(request);
  switch (verb) {
    case "prepare":
      return session.prepare(request, checkMessage(body, prepareRequestSchema));
    case "arm":
      return session.arm(checkMessage(body, armRequestSchema));
    case "start":
      return session.start(checkMessage(body, startRequestSchema));
    case "stop":
      return session.stop(checkMessage(body, keyedRequestSchema));
    case "read":
      return session.read(checkMessage(body, readRequestSchema));
    case "replay":
      return session.replay(run, checkMessage(body, keyedRequestSchema));
    case "restore":
      return session.restore(checkMessage(body, keyedRequestSchema));
  }
}

function requireVersion(
  theirs: SpokenVersion,
  { access, churnlab }: ServingParts["options"],
): void {
  const own = { churnlab, protocol: PROTOCOL };
  if (isSameVersion(theirs, own)) return;
  throw new ChurnError(
    "E_FLEET_VERSION",
    `The controller is churnlab ${formatVersion(theirs)}, the agent ${access.name} is ${formatVersion(own)}`,
    { hint: "Install the same version on both." },
  );
}
