import type { Warning, WorldConclusion } from "@churnlab/core";
import type { Crew } from "./agent-roster.ts";
import type { FleetClocks } from "./fleet-clocks.ts";
import type { RemoteAgent } from "./remote-agent.ts";
import type { RemoteObserver } from "./remote-observer.ts";
import type { ResultCollector } from "./result-collector.ts";

export interface Concluding {
  readonly clocks: FleetClocks;
  readonly observers: readonly RemoteObserver[];
  readonly agents: readonly RemoteAgent[];
  readonly results: Pick<ResultCollector, "takeStrays">;
  /** Agents with load of an earlier attempt beside this one, once those have answered who were asked. */
  readonly awaitReturned: () => Promise<readonly string[]>;
}

/** What only a fleet knows of a trial: how well its clocks agreed, who was lost, what was missed, and what strayed. */
export async function concludeFleetTrial(
  { target: { lost: targetLost } }: Crew,
  { clocks, observers, agents, results, awaitReturned }: Concluding,
): Promise<WorldConclusion> {
  const starts = agents.flatMap(({ startLateMs }) => startLateMs ?? []);
  const { measurements, warnings } = await clocks.conclude(starts);
  // Last: the first heartbeat of whoever came back may take a second.
  const returned = await awaitReturned();
  const value = observers.reduce((sum, { missed }) => sum + missed, 0);
  const ofAgents = agents.map(({ lostAfterwards }) => lostAfterwards);
  // Lost before, it has ended the load, which is told of already.
  const isLate = targetLost.aborted && agents.some(({ reported }) => reported);
  const ofTarget = isLate ? (targetLost.reason as Error).message : null;
  const lost = [...ofAgents, ofTarget].flatMap((message): Warning[] =>
    message === null ? [] : [{ code: "W_AGENT_LOST", message }],
  );
  const strays = [...results.takeStrays()].map(warnOfStrays);
  return {
    measurements: [...measurements, { role: "client", metric: "fleet.live_missed", value }],
    warnings: [...warnings, ...lost, ...strays, ...returned.map(warnOfReturned)],
  };
}

function warnOfReturned(name: string): Warning {
  const message = `The agent ${name} came back with its load of an earlier attempt, which may be in the target's figures`;
  return { code: "W_LOAD_STRAY", message };
}

function warnOfStrays([publisher, count]: readonly [string, number]): Warning {
  const message = `${publisher} published ${count} message(s) as results that are none of its own: not counted`;
  return { code: "W_RESULTS_STRAY", message };
}
