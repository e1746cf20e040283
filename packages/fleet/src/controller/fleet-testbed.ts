import {
  ChurnError,
  type Environment,
  type FleetSpec,
  type ResultPieceId,
  type Role,
  SAMPLE_INTERVAL_MS,
  type Testbed,
  type Trial,
  type TrialSpec,
  type TrialWorld,
  type Warning,
  type WorldConclusion,
  warnIneffective,
} from "@churnlab/core";
import { distinctRecords } from "@churnlab/testbed";
import {
  type KeyedRequest,
  type PrepareReply,
  type PrepareRequest,
  prepareReplySchema,
  type TrialKey,
} from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";
import { FleetClocks } from "./fleet-clocks.ts";
import { type ControllerOptions, type Crew, FleetController } from "./fleet-controller.ts";
import { RemoteAgent } from "./remote-agent.ts";
import { RemoteObserver } from "./remote-observer.ts";
import { RemoteTarget } from "./remote-target.ts";
import type { ResultLedger } from "./result-ledger.ts";

/** So many agents send live data every `SAMPLE_INTERVAL_MS`; more send it less often. */
const LIVE_AGENTS_MAX = 200;
/** A namespace that outlives a trial first waits for the TIME_WAIT of the one before to pass. */
const PREPARE_MS_MAX = 90_000;
const RESTORE_MS_MAX = 10_000;
const FINISH_MS_MAX = 5000;
/** Attempts of one controller are numbered from the second of its start on, so that those of an earlier one cannot be meant. */
const ATTEMPTS_PER_SECOND = 100_000;

/** Trials on other machines: each side is built, observed and taken down by the agent on its host. */
export class FleetTestbed implements Testbed {
  readonly #controller: FleetController;
  readonly #ledger: ResultLedger;
  readonly #stored = new Map<
    number,
    {
      readonly key: TrialKey;
      readonly links: readonly AgentLink[];
      readonly agents: readonly RemoteAgent[];
    }
  >();
  #attempt: number = Math.floor(Date.now() / 1000) * ATTEMPTS_PER_SECOND;

  /** Rejects with `E_NATS`. */
  static async open(options: ControllerOptions): Promise<FleetTestbed> {
    return new FleetTestbed(await FleetController.open(options), options.ledger);
  }

  private constructor(controller: FleetController, ledger: ResultLedger) {
    this.#controller = controller;
    this.#ledger = ledger;
  }

  async build(trial: Trial, signal: AbortSignal): Promise<TrialWorld> {
    const { spec } = trial;
    const fleet = requireFleet(spec);
    const crew = await this.#controller.muster(fleet, spec, signal);
    const key = this.#nextKey(trial);
    await using stack = new AsyncDisposableStack();
    const clocks = stack.use(await FleetClocks.measure(crew.all));
    signal.throwIfAborted();
    // Also one that fails to answer may have built something.
    stack.defer(() => restoreAll(crew.all, key));
    const { ofTarget, ofLoads } = await prepareAll(crew, { key, spec });
    if (ofTarget.target === null) throw new ChurnError("E_TARGET", "The target listens nowhere");
    const target = new RemoteTarget(crew.target, ofTarget.target);
    const observers = observe(crew, { key, target, stack, spec });
    const agents = crew.loads.map(
      ({ link, workers }) =>
        new RemoteAgent({
          link,
          target: crew.target,
          workers,
          key,
          results: this.#controller.results,
        }),
    );
    listenLive(crew, { key, agents, observers, target, stack });
    const now = { atMs: this.#controller.nowMs(), marks: false };
    await Promise.all(observers.map((observer) => observer.lookAt(now)));
    this.#stored.set(trial.id, { key, links: crew.all, agents });
    const held = stack.move();
    return {
      agents,
      target,
      observers,
      sysctls: distinctRecords([ofTarget, ...ofLoads].flatMap(({ sysctls }) => sysctls)),
      environment: joinEnvironments(ofLoads, ofTarget),
      warnings: [
        ...warnIneffective(spec),
        ...[ofTarget, ...ofLoads].flatMap(({ warnings }) => warnings),
      ],
      startLeadMs: clocks.startLeadMs,
      conclude: async () => {
        const { measurements, warnings } = await conclude(crew, { clocks, observers, agents });
        const strays = [...this.#controller.results.takeStrays()].map(warnOfStrays);
        return { measurements, warnings: [...warnings, ...strays] };
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  collected({ id }: Trial): readonly ResultPieceId[] {
    const { key, agents = [] } = this.#stored.get(id) ?? {};
    if (key === undefined) return [];
    return reporting(agents).flatMap((name) => this.#controller.results.piecesOf(name, key));
  }

  confirm({ id }: Trial): void {
    const stored = this.#stored.get(id);
    if (stored === undefined) return;
    this.#stored.delete(id);
    const reported = new Set(reporting(stored.agents));
    this.#controller.results.settle(stored.key, reported);
    const body: KeyedRequest = { key: stored.key };
    // What another had to say may still come: it stays on its disk until then.
    for (const link of stored.links.filter(({ name }) => reported.has(name))) {
      link.tell("finish", { body, withinMs: FINISH_MS_MAX }).catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
  }

  #nextKey({ id }: Trial): TrialKey {
    this.#attempt = Math.max(this.#attempt, this.#ledger.lastAttempt()) + 1; // also where the clock was set back
    return { trial: id, attempt: this.#attempt };
  }
}

/** Those whose reports are part of the trial. */
function reporting(agents: readonly RemoteAgent[]): string[] {
  return agents.filter(({ reported }) => reported).map(({ name }) => name);
}

function requireFleet({ fleet }: TrialSpec): FleetSpec {
  if (fleet !== undefined) return fleet;
  throw new ChurnError("E_USAGE", "The scenario says nothing of a fleet", {
    hint: "Add fleet: { agents: 1 } to it, or say --agents 1.",
  });
}

interface PreparedAll {
  readonly ofTarget: PrepareReply;
  readonly ofLoads: readonly PrepareReply[];
}

async function prepareAll(
  { loads, target }: Crew,
  { key, spec }: { readonly key: TrialKey; readonly spec: TrialSpec },
): Promise<PreparedAll> {
  const liveMs = liveMsOf(loads.length);
  const targetAddress = target.description.addresses.slice(0, 1);
  const prepare = (
    link: AgentLink,
    part: Omit<PrepareRequest, "key" | "spec" | "clockOffsetMs" | "liveMs">,
  ) => {
    const { offsetMs: clockOffsetMs } = link.clock;
    const body: PrepareRequest = { key, spec, clockOffsetMs, liveMs, ...part };
    // A side that is asked for again is built anew: the one before goes.
    const withinMs = PREPARE_MS_MAX;
    return link.ask("prepare", { body, schema: prepareReplySchema, withinMs, again: true });
  };
  const sources = loads.flatMap(({ link, sources: count }) =>
    link.description.addresses.slice(0, count),
  );
  const [ofTarget, ...ofLoads] = await allSettledOrThrow([
    prepare(target, { part: "target", sources: 1, workers: 1, peers: sources }),
    ...loads.map(({ link, ...part }) =>
      prepare(link, { part: "load", ...part, peers: targetAddress }),
    ),
  ]);
  return { ofTarget: ofTarget as PrepareReply, ofLoads };
}

/** Few agents are looked at as often as this machine looks at itself; of many, the controller hears no more in all. */
function liveMsOf(agents: number): number {
  return SAMPLE_INTERVAL_MS * Math.ceil(agents / LIVE_AGENTS_MAX);
}

/** All of them, or the first failure once none is under way any more: what was built can then be taken down. */
async function allSettledOrThrow<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

async function restoreAll(links: readonly AgentLink[], key: TrialKey): Promise<void> {
  const body: KeyedRequest = { key };
  const settled = await Promise.allSettled(
    links
      .filter(({ lost }) => !lost.aborted)
      .map((link) => link.tell("restore", { body, withinMs: RESTORE_MS_MAX, again: true })),
  );
  const failures = settled.filter((one) => one.status === "rejected");
  if (failures.length > 0) throw failures[0]?.reason;
}

interface Watching {
  readonly key: TrialKey;
  readonly target: RemoteTarget;
  readonly stack: AsyncDisposableStack;
}

function observe(
  crew: Crew,
  { key, target, stack, spec }: Watching & { readonly spec: TrialSpec },
): RemoteObserver[] {
  const liveMs = liveMsOf(crew.loads.length);
  const of = (role: Role, links: readonly AgentLink[]): RemoteObserver =>
    new RemoteObserver({ role, links, key, liveMs, onReply: (reply) => target.take(reply.target) });
  const observers = [
    of(
      "client",
      crew.loads.map(({ link }) => link),
    ),
    of("target", [crew.target]),
    ...(spec.topology === "gateway" ? [of("upstream", [crew.target])] : []),
  ];
  stack.defer(() => {
    for (const observer of observers) observer.close();
  });
  return observers;
}

function listenLive(
  { all }: Crew,
  parts: Watching & {
    readonly agents: readonly RemoteAgent[];
    readonly observers: readonly RemoteObserver[];
  },
): void {
  const { key, agents, observers, target, stack } = parts;
  for (const link of all) {
    const agent = agents.find(({ name }) => name === link.name);
    link.onLive = (message) => {
      if (message.key.trial !== key.trial || message.key.attempt !== key.attempt) return;
      if (message.load !== null) agent?.take(message.load);
      target.takeEnd(message.targetEnded);
      for (const observer of observers) observer.take(link, message);
    };
    stack.defer(() => {
      link.onLive = () => {};
    });
  }
}

interface Concluding {
  readonly clocks: FleetClocks;
  readonly observers: readonly RemoteObserver[];
  readonly agents: readonly RemoteAgent[];
}

async function conclude(
  { target: { lost: targetLost } }: Crew,
  { clocks, observers, agents }: Concluding,
): Promise<WorldConclusion> {
  const starts = agents.flatMap(({ startLateMs }) => startLateMs ?? []);
  const { measurements, warnings } = await clocks.conclude(starts);
  const value = observers.reduce((sum, { missed }) => sum + missed, 0);
  const ofAgents = agents.map(({ lostAfterwards }) => lostAfterwards);
  // Lost before, it has ended the load, which is told of already.
  const isLate = targetLost.aborted && agents.some(({ reported }) => reported);
  const ofTarget = isLate ? (targetLost.reason as Error).message : null;
  const lost = [...ofAgents, ofTarget].flatMap((message): Warning[] =>
    message === null ? [] : [{ code: "W_AGENT_LOST", message }],
  );
  return {
    measurements: [...measurements, { role: "client", metric: "fleet.live_missed", value }],
    warnings: [...warnings, ...lost],
  };
}

function warnOfStrays([publisher, count]: readonly [string, number]): Warning {
  const message = `${publisher} published ${count} message(s) as results that are none of its own: not counted`;
  return { code: "W_RESULTS_STRAY", message };
}

/** The load's facts are the machine's; those of the target that differ are told beside them. */
function joinEnvironments(
  loads: readonly PrepareReply[],
  { facts: ofTarget }: PrepareReply,
): Environment {
  const facts: Record<string, string> = {};
  for (const { facts: ofLoad } of loads) {
    for (const [name, value] of Object.entries(ofLoad)) {
      const seen = facts[name];
      if (seen === undefined) facts[name] = value;
      else if (!seen.split(" | ").includes(value)) facts[name] = `${seen} | ${value}`;
    }
  }
  for (const [name, value] of Object.entries(ofTarget)) {
    if (name.startsWith("target.")) facts[name] = value;
    else if (facts[name] !== value) facts[`target.host.${name}`] = value;
  }
  return { facts: { ...facts, "fleet.agents": String(loads.length) } };
}
