import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DEAD_MAN_MS } from "@churnlab/fleet";
import { openStore } from "@churnlab/store";
import type { Homes } from "./homes.ts";
import type { AgentSpec, RunningFleet, Started } from "./start-fleet.ts";
import { until } from "./start-fleet.ts";
import { CHANGED_SYSCTLS } from "./staying-hosts.ts";

export const VICTIMS = [
  "agent SIGKILL",
  "agent SIGSTOP",
  "agent cut off",
  "server",
  "controller",
] as const;
export type Victim = (typeof VICTIMS)[number];

/** What is wrong after a kill; empty when all that must hold holds. */
export interface KillReport {
  readonly victim: Victim;
  /** After the first host of the trial was there. */
  readonly afterMs: number;
  readonly awayMs: number;
  /** States of all attempts, in their order. */
  readonly states: readonly string[];
  /** Of hosts that stay: so many sysctls were the trial's when the kill came. */
  readonly changed: number;
  /** From the kill of a controller until nothing of its trial was left; null for other victims. */
  readonly goneAfterMs: number | null;
  /** Whether nobody was there to serve the trial for too long: its run ended, and was resumed when all were back. */
  readonly resumed: boolean;
  readonly problems: readonly string[];
}

const RATE = 200;
/** One is killed; the others are for a machine that has more to do than fleets. */
const ATTEMPTS = 5;
const HOSTS_MS_MAX = 40_000;
/** The dead-man's time, the time to notice, and what the kernel needs to take namespaces apart. */
const RESTORED_MS_MAX = DEAD_MAN_MS + 15_000;
/** Beside the load of all attempts: what they may wait for agents to come back. */
const RUN_MS_MAX = 150_000;
/** Of a run that ends as nobody serves its trial. */
const UNSERVED = 3;
/** For so long a run waits for an agent that it lacks. */
const AGENT_AWAY_MS_MAX = DEAD_MAN_MS + 5000;
/** For so long it waits for its server. */
const SERVER_AWAY_MS_MAX = 10_000;

/** Whether a run may end as nobody serves its trial: only where it has waited as long as it says. */
export function mayBeUnserved({ victim, awayMs }: Pick<KillReport, "victim" | "awayMs">): boolean {
  return awayMs > (victim === "server" ? SERVER_AWAY_MS_MAX : AGENT_AWAY_MS_MAX);
}

const scenarioOf = (measureS: number): string => `
version: 1
name: killed
fleet: { agents: 2, perAgent: { workers: 1 } }
workload: { kind: short-lived, closer: client, arrival: { rate: ${RATE}/s } }
phases: { measure: ${measureS}s }
sysctls: { target: ${JSON.stringify(CHANGED_SYSCTLS)} }
replicates: 1
attempts: ${ATTEMPTS}
`;

export interface KillOptions {
  readonly victim: Victim;
  readonly afterMs: number;
  /** For so long an agent is frozen or cut off, or the server away. */
  readonly awayMs: number;
  readonly measureS: number;
  /** Of which one is killed: those that the trial takes. */
  readonly agents: readonly AgentSpec[];
  /** Where a cable can be cut; absent: nowhere. */
  readonly homes?: Pick<Homes, "cut" | "mend">;
  /** Number of the repetition: each has a database of its own. */
  readonly index: number;
}

/** Runs one trial on the fleet, kills something while it runs, lets the run come to its end, and looks at what is left. */
export async function killOnce(fleet: RunningFleet, options: KillOptions): Promise<KillReport> {
  const { victim, afterMs, awayMs, measureS, index } = options;
  const database = path.join(fleet.folder, `killed-${victim.replaceAll(" ", "-")}-${index}.db`);
  writeFileSync(path.join(fleet.folder, "killed.yaml"), scenarioOf(measureS));
  const to = [...fleet.reach, "--db", database];
  const run = fleet.start(["run", "killed.yaml", ...to]);
  await until(() => fleet.countHosts() > 0 || run.child.exitCode !== null, HOSTS_MS_MAX);
  await sleep(afterMs);
  const problems: string[] = [];
  const changed = fleet.listChanged().length;
  const withinMs = RUN_MS_MAX + ATTEMPTS * 1000 * measureS;
  let goneAfterMs: number | null = null;
  let resumed = false;
  if (victim === "controller") {
    run.child.kill("SIGKILL");
    const killedAtMs = performance.now();
    if (!(await until(() => isRestored(fleet), RESTORED_MS_MAX))) {
      problems.push(`a trial outlives its controller: ${describeLeft(fleet)}`);
    }
    goneAfterMs = Math.round(performance.now() - killedAtMs);
    const isStored = countAttempts(database) !== null;
    const again = isStored ? ["run", "--resume", "last", ...to] : ["run", "killed.yaml", ...to];
    resumed = isStored;
    const next = fleet.start(again);
    await finish(next, { withinMs, problems });
    if (next.child.exitCode === UNSERVED) {
      problems.push(`nobody serves the run after its controller: ${next.log().slice(-500)}`);
    }
  } else {
    await killOther(fleet, options);
    await finish(run, { withinMs, problems });
    const isUnserved = run.child.exitCode === UNSERVED;
    if (isUnserved && !mayBeUnserved(options)) {
      problems.push(`nobody serves a trial after ${awayMs} ms: ${run.log().slice(-500)}`);
    }
    if (isUnserved && countAttempts(database) !== null) {
      resumed = true;
      await finish(fleet.start(["run", "--resume", "last", ...to]), { withinMs, problems });
    }
  }
  if (!(await until(() => isRestored(fleet), RESTORED_MS_MAX))) {
    problems.push(`not restored: ${describeLeft(fleet)}`);
  }
  const { states, doubts } = judge(database, RATE * measureS);
  // Whatever was killed, what it cost is repeated.
  if (states.at(-1) !== "completed") doubts.push(`the run ends with ${states.join(", ")}`);
  return {
    victim,
    afterMs,
    awayMs,
    states,
    changed,
    goneAfterMs,
    resumed,
    problems: [...problems, ...doubts],
  };
}

function isRestored(fleet: RunningFleet): boolean {
  return fleet.countHosts() === 0 && fleet.listChanged().length === 0;
}

function describeLeft(fleet: RunningFleet): string {
  const changed = fleet.listChanged().join(", ");
  return `${fleet.countHosts()} hosts of the trial are there, changed sysctls: ${changed || "none"}`;
}

async function killOther(
  fleet: RunningFleet,
  { victim, agents, awayMs, homes, index }: KillOptions,
): Promise<void> {
  if (victim === "server") {
    await fleet.killServer();
    await sleep(awayMs);
    await fleet.startServer();
    return;
  }
  // What befalls agents comes in turn: each is to meet each of them.
  const spec = agents[Math.floor(index / 3) % agents.length];
  const process = spec === undefined ? undefined : fleet.agents.get(spec.name);
  if (spec === undefined || process === undefined) throw new Error("no such agent");
  if (victim === "agent SIGSTOP") {
    process.child.kill("SIGSTOP");
    await sleep(awayMs);
    process.child.kill("SIGCONT");
    return;
  }
  if (victim === "agent cut off") {
    homes?.cut(spec.name);
    await sleep(awayMs);
    homes?.mend(spec.name);
    return;
  }
  process.child.kill("SIGKILL");
  await once(process.child, "exit");
  await fleet.startAgent(spec);
}

interface Finishing {
  readonly withinMs: number;
  readonly problems: string[];
}

async function finish(started: Started, { withinMs, problems }: Finishing): Promise<void> {
  const { child } = started;
  if (!(await until(() => child.exitCode !== null || child.signalCode !== null, withinMs))) {
    problems.push(`the run does not end: ${started.log().slice(-500)}`);
    child.kill("SIGKILL");
    return;
  }
  // 0: all well; 3: no server or too few agents, which is for the caller to judge; 4: a trial is invalid, and said so.
  // A controller that was killed after its last result leaves nothing to resume.
  const isOver = child.exitCode === 2 && started.log().includes("no trial is left to run");
  if (!isOver && ![0, 3, 4].includes(child.exitCode ?? -1)) {
    problems.push(`the run ended with ${child.exitCode}: ${started.log().slice(-800)}`);
  }
}

/** null: there is no run in the database yet. */
function countAttempts(database: string): number | null {
  try {
    using store = openStore(database, { mode: "read" });
    const [run] = store.listRuns();
    return run === undefined ? null : 1;
  } catch {
    return null;
  }
}

/**
 * Every attempt is either whole, to the connection on both sides, or marked with why it is not. Load of an attempt that goes on
 * in the next one shows on the target's side, which then has accepted more than the clients of the next have opened.
 */
function judge(database: string, expected: number): { states: string[]; doubts: string[] } {
  if (countAttempts(database) === null) return { states: [], doubts: ["there is no run"] };
  using store = openStore(database, { mode: "read" });
  const states: string[] = [];
  const doubts: string[] = [];
  for (const { runId } of store.listRuns()) {
    const { earlierAttempts, trialList } = store.loadRun(runId);
    for (const trial of [...earlierAttempts, ...trialList]) {
      states.push(trial.state);
      if (trial.state === "completed") doubts.push(...countWrong(trial.measurements, expected));
      else if (!trial.reason) doubts.push(`an attempt is ${trial.state}, and does not say why`);
    }
  }
  return { states, doubts };
}

const WHOLE = [
  ["client", "connections.intended"],
  ["client", "connections.attempted"],
  ["client", "connections.succeeded"],
  ["client", "tcp.ActiveOpens"],
  ["target", "tcp.PassiveOpens"],
] as const;

function countWrong(
  measurements: readonly {
    readonly role: string;
    readonly metric: string;
    readonly value: number;
  }[],
  expected: number,
): string[] {
  return WHOLE.flatMap(([role, metric]) => {
    const found = measurements.find((each) => each.role === role && each.metric === metric);
    if (found?.value === expected) return [];
    return [`a completed trial has ${role}.${metric} = ${found?.value}, not ${expected}`];
  });
}
