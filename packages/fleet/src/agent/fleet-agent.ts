import { randomUUID } from "node:crypto";
import { ChurnError } from "@churnlab/core";
import { cleanContainers, SideBuilder, type SideNetwork } from "@churnlab/testbed";
import { jetstream } from "@nats-io/jetstream";
import { Svcm } from "@nats-io/services";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { connectNats } from "../connect.ts";
import { followRun, isHeard } from "../follow-run.ts";
import { checkMessage, decodeMessage, encodeMessage } from "../message-codec.ts";
import type { AgentDescription, Heartbeat } from "../messages/agent-description.ts";
import { PROTOCOL, type Reply, type Request, requestSchema } from "../messages/envelope.ts";
import {
  armRequestSchema,
  keyedRequestSchema,
  prepareRequestSchema,
  readRequestSchema,
  startRequestSchema,
} from "../messages/trial-messages.ts";
import { type Say, sayOver } from "../say.ts";
import {
  AGENT_SERVICE,
  agentSubjects,
  clockSubject,
  DEAD_MAN_MS,
  HEARTBEAT_MS,
  heartbeatSubject,
  liveSubject,
  VERBS,
  type Verb,
} from "../subjects.ts";
import type { AgentOptions } from "./agent-options.ts";
import { AgentSession, type SessionParts } from "./agent-session.ts";
import { claimDirectory } from "./claim-directory.ts";
import { claimName } from "./claim-name.ts";
import { describeAgent } from "./describe-agent.ts";
import { followConnection } from "./follow-connection.ts";
import { KeptResults } from "./kept-results.ts";
import { openSideNetwork } from "./open-side-network.ts";
import { publishResults } from "./publish-results.ts";
import { requiredLine, requireProtection } from "./require-protection.ts";
import { ResultSpool } from "./result-spool.ts";
import type { SideMaker } from "./trial-side.ts";
import { UndoJournal } from "./undo-journal.ts";

/** An agent that serves, until it is disposed. */
export interface FleetAgent extends AsyncDisposable {
  readonly description: Omit<AgentDescription, "nowMs">;
  /** Resolves when it must end by itself: with the reason. */
  readonly ended: Promise<ChurnError>;
}

/**
 * Connects and serves. Rejects with `E_NATS` (no server, or one on another machine without verified TLS or that lets everybody
 * in), `E_FLEET` (another agent has the name), `E_NAMESPACE`, `E_DISK`.
 */
export async function startAgent(given: AgentOptions): Promise<FleetAgent> {
  const { access, addresses } = given;
  await using stack = new AsyncDisposableStack();
  const network = stack.use(openSideNetwork(given.network));
  const options =
    network.kind === "host" ? { ...given, network: { kind: "host" } as const } : given;
  claimDirectory(options.spool);
  const log = (line: string): void => options.log(line);
  const journal = new UndoJournal({ directory: options.spool, agent: access.name, network, log });
  const recovered = journal.recover();
  if (recovered.length > 0) log(`restored what an earlier process left: ${recovered.join(", ")}`);
  await removeContainers(options);
  const { pull } = options.limits;
  const { keep } = journal;
  const builder = stack.use(new SideBuilder({ network: network.side, addresses, keep, pull }));
  const line = requiredLine(options);
  const nc = stack.adopt(await connectNats(access, line), (connection) => connection.close());
  requireProtection(nc, options);
  const closed = followConnection(nc, {
    requireProtection: () => requireProtection(nc, options),
    log,
  });
  const agent = stack.use(await serveAgent(nc, { options, builder, network: network.side }));
  const held = stack.move();
  const ended = Promise.race([agent.ended, closed]);
  return { ...agent, ended, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Containers of an agent that was killed outlive it. What cannot be looked at now is for `churnlab clean`. */
async function removeContainers(options: AgentOptions): Promise<void> {
  const log = (line: string): void => options.log(line);
  if (!options.roles.includes("target")) return;
  try {
    const { removed, kept, unseen } = await cleanContainers();
    if (removed.length > 0) log(`removed what an earlier process left: ${removed.join(", ")}`);
    for (const { name, error } of kept) log(`${name} could not be removed: ${error.message}`);
    for (const { name } of unseen)
      log(`${name} is left: its harness may live elsewhere; churnlab clean --container ${name}`);
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    // Where there may be none, an engine that this user cannot ask is no news.
    if (options.limits.images.length > 0)
      log(`containers could not be looked at: ${error.message}`);
  }
}

export interface ServedAgent {
  readonly options: AgentOptions;
  /** Builds its sides of trials. */
  readonly builder: SideMaker;
  /** Told of in its description. */
  readonly network: Pick<SideNetwork, "namespace">;
}

/** Serves over a connection. Rejects with `E_FLEET` (another agent has the name), `E_NATS` (the key is another's), `E_DISK`. */
export async function serveAgent(
  nc: NatsConnection,
  { options, builder, network }: ServedAgent,
): Promise<FleetAgent> {
  const { access } = options;
  await using stack = new AsyncDisposableStack();
  const spool = new ResultSpool(options.spool);
  const instance = randomUUID();
  const description = await describeAgent(options, instance, network);
  const js = jetstream(nc);
  const log = (line: string): void => options.log(line);
  const say = sayOver(nc, log);
  const publish: SessionParts["publish"] = (pieces, signal) =>
    publishResults(js, pieces, { signal, log });
  const kept = stack.use(
    new KeptResults({
      agent: access.name,
      spool,
      republish: (pieces, signal) =>
        publishResults(js, pieces, { signal, log, repeat: randomUUID() }),
      isHeard: (run) => isHeard(nc, { run, log }),
      log,
    }),
  );
  const session = stack.use(
    new AgentSession({
      options,
      builder,
      spool,
      publish,
      kept,
      live: (message) => say(liveSubject(access.name), message),
      followRun: (run, hear) => followRun(nc, { run, hear, log }),
      deadManMs: DEAD_MAN_MS,
    }),
  );
  const { lost } = await claimName(nc, { options, instance });
  const served = stack.use(serve(nc, session, { options, description }));
  await nc.flush();
  const refused = await Promise.race([served.refused, Promise.resolve(null)]); // the server has answered by now
  if (refused !== null) throw refused;
  stack.use(beat(say, session, { options, instance }));
  await announce(nc, description);
  await nc.flush();
  void kept.replayAll();
  const held = stack.move();
  const ended = Promise.race([lost, served.refused]);
  return { description, ended, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

interface ServingParts {
  readonly options: AgentOptions;
  readonly description: Omit<AgentDescription, "nowMs">;
}

/** `refused` resolves where the server does not let the agent hear what is asked of its name. */
function serve(
  nc: NatsConnection,
  session: AgentSession,
  parts: ServingParts,
): Disposable & { readonly refused: Promise<ChurnError> } {
  const { access, clock } = parts.options;
  const { name } = access;
  const { promise: refused, resolve } = Promise.withResolvers<ChurnError>();
  const ownClock = clockSubject(name);
  const subscription = nc.subscribe(agentSubjects(name), {
    callback: (error, message) => {
      if (error !== null) resolve(refuseName(name, error));
      // At once, and of anybody: it tells nothing else, and what it takes to answer is part of what is measured.
      else if (message.subject === ownClock) reply(message, clock.nowMs(), parts.options);
      else void answer(message, session, parts);
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

async function answer(message: Msg, session: AgentSession, parts: ServingParts): Promise<void> {
  let answered: Reply;
  try {
    const verb = verbOf(message.subject);
    const request = decodeMessage(message.data, requestSchema);
    answered = { ok: true, body: (await act(verb, request, { session, ...parts })) ?? null };
  } catch (error) {
    answered = refusal(error);
    parts.options.log(`${message.subject}: refused: ${answered.message}`);
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
  request: Request,
  { session, options, description }: ServingParts & { readonly session: AgentSession },
): Promise<unknown> {
  if (verb === "describe") return { ...description, nowMs: options.clock.nowMs() };
  requireVersion(request, options);
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
    case "restore":
      return session.restore(checkMessage(body, keyedRequestSchema));
  }
}

function requireVersion(
  { churnlab, protocol }: Request,
  { access, churnlab: own }: AgentOptions,
): void {
  if (churnlab === own && protocol === PROTOCOL) return;
  throw new ChurnError(
    "E_FLEET_VERSION",
    `The controller is churnlab ${churnlab} (protocol ${protocol}), the agent ${access.name} is ${own} (protocol ${PROTOCOL})`,
    { hint: "Install the same version on both." },
  );
}

function beat(
  say: Say,
  session: AgentSession,
  { options, instance }: { readonly options: AgentOptions; readonly instance: string },
): Disposable {
  const { access, clock } = options;
  let seq = 0;
  const send = (): void => {
    const { state, run } = session;
    const heartbeat: Heartbeat = {
      agent: access.name,
      instance,
      seq: seq++,
      state,
      run,
      nowMs: clock.nowMs(),
    };
    say(heartbeatSubject(access.name), heartbeat);
  };
  send();
  const timer = setInterval(send, HEARTBEAT_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Answers `$SRV.PING`, `INFO` and `STATS` under the name of all agents. */
async function announce(
  nc: NatsConnection,
  description: Omit<AgentDescription, "nowMs">,
): Promise<void> {
  await new Svcm(nc).add({
    name: AGENT_SERVICE,
    version: description.churnlab,
    description: "offers load or a target to churnlab",
    metadata: { agent: description.name, instance: description.instance },
  });
}
