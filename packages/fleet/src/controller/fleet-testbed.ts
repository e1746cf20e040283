import {
  ChurnError,
  distinctSysctls,
  type FleetSpec,
  type ResultPieceId,
  type Role,
  type Testbed,
  type Trial,
  type TrialSpec,
  type TrialWorld,
  warnIneffective,
} from "@churnlab/core";
import type { TrialKey } from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";
import type { Crew } from "./agent-roster.ts";
import { concludeFleetTrial } from "./conclude-fleet-trial.ts";
import { FleetClocks } from "./fleet-clocks.ts";
import { type ControllerOptions, FleetController } from "./fleet-controller.ts";
import { joinEnvironments } from "./join-environments.ts";
import { liveMsOf, prepareSides } from "./prepare-sides.ts";
import { RemoteAgent } from "./remote-agent.ts";
import { RemoteObserver } from "./remote-observer.ts";
import { RemoteTarget } from "./remote-target.ts";
import type { ResultLedger } from "./result-ledger.ts";

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
    const sides = stack.use(this.#controller.hold(crew.all, key));
    const { ofTarget, ofLoads, address } = await prepareSides(crew, { key, spec, sides }, signal);
    await this.#controller.awaitReturned(); // what has ended by now is in no figure of this trial
    const target = new RemoteTarget(crew.target, address);
    const observers = observe(crew, { key, target, stack, spec });
    const { results } = this.#controller;
    const agents = crew.loads.map(
      ({ link, workers }) => new RemoteAgent({ link, target: crew.target, workers, key, results }),
    );
    listenLive(crew, { key, agents, observers, target, stack });
    const now = { atMs: this.#controller.nowMs(), marks: false };
    await Promise.all(observers.map((observer) => observer.lookAt(now)));
    this.#stored.set(trial.id, { key, agents });
    const held = stack.move();
    return {
      agents,
      target,
      observers,
      sysctls: distinctSysctls([ofTarget, ...ofLoads].flatMap(({ sysctls }) => sysctls)),
      environment: joinEnvironments(ofLoads, ofTarget),
      warnings: [
        ...warnIneffective(spec),
        ...[ofTarget, ...ofLoads].flatMap(({ warnings }) => warnings),
      ],
      startLeadMs: clocks.startLeadMs,
      conclude: () =>
        concludeFleetTrial(crew, {
          clocks,
          observers,
          agents,
          results,
          awaitReturned: () => this.#controller.awaitReturned(),
        }),
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
    // What another had to say may still come: it stays on its disk until then.
    for (const name of reported) this.#controller.finishes.tell(name, stored.key);
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
  const { key, observers, target, stack } = parts;
  const agents = new Map(parts.agents.map((agent) => [agent.name, agent]));
  for (const link of all) {
    const agent = agents.get(link.name);
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
