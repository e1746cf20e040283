import { randomUUID } from "node:crypto";
import { ChurnError, type FleetSpec } from "@churnlab/core";
import { openClock } from "../clock/monotonic-clock.ts";
import { connectNats } from "../connect.ts";
import type { Access } from "../connection-options.ts";
import { isHeard } from "../follow-run.ts";
import { foreseeExpiry } from "../foresee-expiry.ts";
import { foreseeHoles } from "../foresee-holes.ts";
import { listen } from "../listen.ts";
import { heartbeatSchema } from "../messages/agent-description.ts";
import { NO_FENCE } from "../messages/fence.ts";
import { liveMessageSchema } from "../messages/live-message.ts";
import type { TrialKey } from "../messages/trial-messages.ts";
import {
  agentLock,
  agentOf,
  HEARTBEAT_MS,
  heartbeatSubject,
  liveSubject,
  runLock,
  targetLock,
} from "../subjects.ts";
import type { AgentLink, LinkParts } from "./agent-link.ts";
import { AgentRoster, type Crew, type RosterParts } from "./agent-roster.ts";
import type { Asker } from "./asker.ts";
import { ClockLine } from "./clock-line.ts";
import { discoverAgents } from "./discover-agents.ts";
import { Finishes } from "./finishes.ts";
import { FleetLocks } from "./fleet-locks.ts";
import { FleetServer } from "./fleet-server.ts";
import { HeldSides } from "./held-sides.ts";
import { LeftSides } from "./left-sides.ts";
import { openJetStream } from "./open-jetstream.ts";
import type { PlacedSpec } from "./place-agents.ts";
import { recallSide } from "./recall-side.ts";
import { ResultCollector } from "./result-collector.ts";
import type { ResultLedger } from "./result-ledger.ts";
import { ResultsRoom } from "./results-room.ts";
import { sayAlive } from "./say-alive.ts";
import { describeReach } from "./suggest-agent.ts";

/** What JetStream understands as an acknowledgement. */
const ACK = "+ACK";
const JUDGE_MS = HEARTBEAT_MS / 4;

export interface ControllerOptions {
  readonly access: Access;
  readonly churnlab: string;
  readonly run: string;
  /** Which pieces of results the run has. */
  readonly ledger: ResultLedger;
  /** One line for people. */
  readonly log?: (line: string) => void;
}

/** One run's hold on its fleet: the connection, its heartbeat, its locks, its agents, and their results. */
export class FleetController implements AsyncDisposable {
  readonly results: ResultCollector;
  /** Of agents whose results are kept. */
  readonly finishes: Finishes;
  readonly #parts: LinkParts;
  readonly #log: (line: string) => void;
  /** Agents of which something was not understood, and was told of. */
  readonly #strayed = new Set<string>();
  readonly #locks: FleetLocks;
  readonly #server: FleetServer;
  readonly #roster: AgentRoster;
  readonly #left: LeftSides;
  readonly #held: AsyncDisposableStack;
  #judgedAtMs = 0;

  /** Rejects with `E_NATS`. */
  static async open(options: ControllerOptions): Promise<FleetController> {
    const { access, churnlab, run, ledger, log = () => {} } = options;
    await using stack = new AsyncDisposableStack();
    const nc = stack.adopt(await connectNats(access), (connection) => connection.close());
    for (const foreseen of [foreseeExpiry(access, Date.now()), foreseeHoles(nc, access)]) {
      if (foreseen !== null) log(foreseen);
    }
    const own = { churnlab, run, holder: randomUUID() };
    // Looked for while the rest is set up: the first trial need not wait for them.
    const found = discoverAgents(nc, { ...own, log });
    found.catch(() => {}); // whoever needs it looks again
    const { js, jsm, locks: store } = await openJetStream(nc);
    const { holder } = own;
    // Before it has a lock: whoever finds one of a controller that is not heard takes it over.
    stack.use(sayAlive(nc, { run, holder, log }));
    const locks = stack.adopt(new FleetLocks(store, nc, { run, holder }), (held) => held.release());
    await locks.check();
    await locks.acquire(runLock(run));
    const clock = openClock();
    const asker: Asker = {
      ...own,
      fenceOf: (agent) => locks.fenceOf(agentLock(agent)),
      nowMs: () => clock.nowMs(),
    };
    const finishes = stack.use(new Finishes({ nc, asker }));
    const onLate = (agent: string, key: TrialKey): void => finishes.tell(agent, key);
    // A piece that is not acknowledged is delivered again, and known then.
    const acknowledge = (delivery: string): void => {
      if (!nc.isClosed()) nc.publish(delivery, ACK);
    };
    const isAlive = (other: string): Promise<boolean> => isHeard(nc, { run: other, log });
    const room = new ResultsRoom({ jsm, run, isHeard: isAlive, log });
    const isOwn = (): Promise<boolean> => locks.keeps(runLock(run));
    const collector = { holder, isOwn, js, jsm, ledger, room, acknowledge, onLate };
    const results = stack.use(await ResultCollector.open(run, collector));
    const clocks = stack.use(new ClockLine(nc, () => clock.nowMs()));
    const { agents } = await found.catch(() => ({ agents: [] }));
    const shared = { access, nc, room, clocks, locks, results, finishes, asker, log };
    const parts = { ...shared, found: agents };
    return new FleetController({ ...parts, held: stack.move() });
  }

  private constructor(
    parts: Omit<RosterParts, "reach"> & {
      access: Access;
      room: ResultsRoom;
      locks: FleetLocks;
      results: ResultCollector;
      finishes: Finishes;
      held: AsyncDisposableStack;
    },
  ) {
    const { nc, asker, log } = parts;
    this.#parts = parts;
    this.#log = log;
    this.#locks = parts.locks;
    this.#held = parts.held;
    this.results = parts.results;
    this.finishes = parts.finishes;
    this.#roster = new AgentRoster({ ...parts, reach: describeReach(parts.access) });
    this.#left = this.#held.use(
      new LeftSides({
        run: asker.run,
        nowMs: asker.nowMs,
        restore: async (agent, key) => {
          if (!(await this.#mayRecall(agent))) return false;
          return recallSide({ nc, asker, log }, agent, key);
        },
      }),
    );
    this.#listen();
    const timer = setInterval(() => this.#judge(), JUDGE_MS);
    this.#held.defer(() => clearInterval(timer));
    this.#server = new FleetServer({
      ...parts,
      onBack: () => this.#roster.reconnect(),
      onOver: () => {
        for (const link of this.#roster.links) link.lose("The connection to the server is over");
        this.#left[Symbol.dispose]();
      },
    });
  }

  nowMs(): number {
    return this.#parts.asker.nowMs();
  }

  /**
   * Finds, picks and locks the agents of a trial, once none that was lost can be in its way. Rejects with `E_FLEET`,
   * `E_FLEET_VERSION`, `E_FLEET_LOCKED`; with `E_NATS` where the server is away for too long.
   */
  async muster(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Crew> {
    await this.#left.allGone(signal);
    this.#left.takeReturned();
    const crew = await this.#roster.pick(fleet, spec, signal).catch(async (error: unknown) => {
      if (this.#server.isOnline) throw error;
      // Nobody is found while the server is away.
      await this.#server.requireStreams(0);
      return this.#roster.pick(fleet, spec, signal);
    });
    await this.#server.requireStreams(crew.all.length);
    await this.#locks.acquireAll([
      runLock(this.#parts.asker.run),
      targetLock(crew.target.name),
      ...crew.all.map(({ name }) => agentLock(name)),
    ]);
    return crew;
  }

  /** These agents may have a side of this attempt, until what is returned is disposed of. */
  hold(links: readonly AgentLink[], key: TrialKey): HeldSides {
    return new HeldSides(links, key, this.#left);
  }

  /** Who had load of an earlier attempt since the last agents were mustered, once all who were asked have said so. */
  awaitReturned(): Promise<readonly string[]> {
    return this.#left.awaitReturned();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  /**
   * An agent that this controller never had serves the run under the lock of the controller before, and is asked under one that
   * comes after it. Resolves with false where another controller has that agent.
   */
  async #mayRecall(agent: string): Promise<boolean> {
    const lock = agentLock(agent);
    if (this.#locks.fenceOf(lock) !== NO_FENCE) return true;
    try {
      await this.#locks.check();
      await this.#locks.acquire(lock);
      return true;
    } catch (error) {
      if (error instanceof ChurnError && error.code === "E_FLEET_LOCKED") return false;
      throw error;
    }
  }

  #listen(): void {
    const onStray = (subject: string, why: unknown): void => this.#noteStray(subject, why);
    const beats = { subject: heartbeatSubject("*"), schema: heartbeatSchema, onStray };
    listen(this.#parts.nc, beats, (heartbeat, subject) => {
      const agent = agentOf(subject);
      this.#roster.get(agent)?.hear(heartbeat);
      this.#left.hear(agent, heartbeat);
    });
    const live = { subject: liveSubject("*"), schema: liveMessageSchema, onStray };
    listen(this.#parts.nc, live, (message, subject) => {
      this.#roster.get(agentOf(subject))?.onLive(message);
    });
  }

  /** Told once of each agent: one that goes on so says the same every second. */
  #noteStray(subject: string, why: unknown): void {
    const agent = agentOf(subject);
    if (this.#strayed.has(agent)) return;
    this.#strayed.add(agent);
    const text = why instanceof Error ? why.message : String(why);
    this.#log(`what ${agent} says on ${subject} is not understood, and not heard: ${text}`);
  }

  /** After a pause of this process itself, heartbeats wait to be read: whoever is silent then is judged the next time. */
  #judge(): void {
    const nowMs = this.nowMs();
    const pausedMs = nowMs - this.#judgedAtMs - JUDGE_MS;
    this.#judgedAtMs = nowMs;
    if (pausedMs > JUDGE_MS) return;
    for (const link of this.#roster.links) {
      if (this.#server.isOnline) link.judge();
      else link.excuse();
    }
  }
}
