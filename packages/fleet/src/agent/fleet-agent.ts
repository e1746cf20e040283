import { randomUUID } from "node:crypto";
import { ChurnError } from "@churnlab/core";
import { errnoOf } from "@churnlab/linux";
import {
  cleanCommandDirectories,
  cleanContainers,
  SideBuilder,
  type SideNetwork,
} from "@churnlab/testbed";
import { jetstream } from "@nats-io/jetstream";
import { Svcm } from "@nats-io/services";
import type { NatsConnection } from "@nats-io/transport-node";
import { connectNats } from "../connect.ts";
import { followRun, isHeard } from "../follow-run.ts";
import { foreseeExpiry } from "../foresee-expiry.ts";
import { foreseeHoles } from "../foresee-holes.ts";
import { BESIDES_MS } from "../limits/bound-side.ts";
import type { AgentDescription } from "../messages/agent-description.ts";
import { requireProtection } from "../protection.ts";
import { sayOver } from "../say.ts";
import { AGENT_SERVICE, DEAD_MAN_MS, liveSubject } from "../subjects.ts";
import type { AgentOptions } from "./agent-options.ts";
import { AgentSession, type SessionParts } from "./agent-session.ts";
import { beat } from "./beat.ts";
import { claimName } from "./claim-name.ts";
import { claimSpool } from "./claim-spool.ts";
import { describeAgent } from "./describe-agent.ts";
import { followConnection } from "./follow-connection.ts";
import { KeptFence } from "./kept-fence.ts";
import { KeptResults } from "./kept-results.ts";
import { openSideNetwork } from "./open-side-network.ts";
import { publishResults } from "./publish-results.ts";
import { ResultSpool } from "./result-spool.ts";
import { serveRequests } from "./serve-requests.ts";
import type { SideMaker } from "./trial-side.ts";
import { UndoJournal } from "./undo-journal.ts";

/** An agent that serves, until it is disposed. */
export interface FleetAgent extends AsyncDisposable {
  /** As of its start. */
  readonly description: AgentDescription;
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
  stack.use(claimSpool({ directory: options.spool, agent: access.name }));
  const log = (line: string): void => options.log(line);
  const journal = new UndoJournal({ directory: options.spool, agent: access.name, network, log });
  const recovered = journal.recover();
  if (recovered.length > 0) log(`restored what an earlier process left: ${recovered.join(", ")}`);
  await removeLeftovers(options);
  const { pull } = options.limits;
  const { keep } = journal;
  const builder = stack.use(new SideBuilder({ network: network.side, addresses, keep, pull }));
  const nc = stack.adopt(await connectNats(access), (connection) => connection.close());
  for (const foreseen of [foreseeExpiry(access, Date.now()), foreseeHoles(nc, access)]) {
    if (foreseen !== null) log(foreseen);
  }
  const closed = followConnection(nc, {
    requireProtection: () => requireProtection(nc, access),
    log,
  });
  const agent = stack.use(await serveAgent(nc, { options, builder, network: network.side }));
  const held = stack.move();
  const ended = Promise.race([agent.ended, closed]);
  return { ...agent, ended, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Containers and directories of an agent that was killed outlive it. What cannot be looked at now is for `churnlab clean`. */
async function removeLeftovers(options: AgentOptions): Promise<void> {
  const log = (line: string): void => options.log(line);
  const tellRemoved = (removed: readonly string[]): void => {
    if (removed.length > 0) log(`removed what an earlier process left: ${removed.join(", ")}`);
  };
  if (!options.roles.includes("target")) return;
  try {
    const directories = cleanCommandDirectories();
    tellRemoved(directories.removed);
    for (const { path, error } of directories.kept)
      log(`${path} could not be removed: ${error.message}`);
  } catch (error) {
    if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
    log(`what an earlier process may have left is not looked at: ${error.message}`);
  }
  try {
    const { removed, kept, unseen } = await cleanContainers();
    tellRemoved(removed);
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
  const describe = await describeAgent(options, instance, network);
  const description = await describe();
  const js = jetstream(nc);
  const log = (line: string): void => options.log(line);
  const say = sayOver(nc, log);
  const publish: SessionParts["publish"] = (pieces, signal) =>
    publishResults(js, pieces, { signal, log });
  const kept = stack.use(
    new KeptResults({
      agent: access.name,
      spool,
      republish: publish,
      isHeard: (run) => isHeard(nc, { run, log }),
      log,
    }),
  );
  const session = stack.use(
    new AgentSession({
      options,
      builder,
      spool,
      fence: new KeptFence(options.spool, {
        agent: access.name,
        server: access.server,
        ca: access.ca,
      }),
      publish,
      kept,
      live: (message) => say(liveSubject(access.name), message),
      followRun: (run, hear) => followRun(nc, { run, hear, log }),
      deadManMs: DEAD_MAN_MS,
      besidesMs: BESIDES_MS,
    }),
  );
  const { lost } = await claimName(nc, { options, instance });
  const served = stack.use(serveRequests(nc, session, { options, describe }));
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

/** Answers `$SRV.PING`, `INFO` and `STATS` under the name of all agents. */
async function announce(nc: NatsConnection, description: AgentDescription): Promise<void> {
  await new Svcm(nc).add({
    name: AGENT_SERVICE,
    version: description.churnlab,
    description: "offers load or a target to churnlab",
    metadata: { agent: description.name, instance: description.instance },
  });
}
