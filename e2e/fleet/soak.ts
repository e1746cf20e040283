// Kills agents, the server and the controller of fleets at random moments, and looks at what is left:
//   node --conditions=@churnlab/source e2e/fleet/soak.ts [--agents 51] [--server 20] [--controller 20] [--measure 40]
//     [--away 30] [--seed 1] [--fleets 4] [--within 3600] [--open]
// A third of the agents' kills are SIGKILL, a third SIGSTOP, and in a third the agent's cable to the server is cut. How long that
// lasts, and how long a server is away, is drawn up to --away seconds: below the dead-man's time and above it, and most of it
// while the load would still run. Every other SIGSTOP and cut is longer than the dead-man's time, and comes so early that the
// load would still run when it ends: with --away 30 many of these agents are back in the middle of the next attempt.
// A run may end as nobody serves its trial only where what was killed is away for longer than the run says that it waits; it is
// then resumed.
// The fleets are as `fleet init` writes them, with TLS and a key for each, unless --open says otherwise; they run side by side,
// each with a server, agents and namespaces of its own. Kills come in a drawn order; none is begun after --within seconds. Prints one line of JSON for each kill, one for each kind of victim, and
// one for all; ends with 1 when something does not hold that must.
import { parseArgs } from "node:util";
import { seedUniform } from "@churnlab/core";
import { DEAD_MAN_MS } from "@churnlab/fleet";
import { openHomes } from "./homes.ts";
import { type KillReport, killOnce, VICTIMS, type Victim } from "./kill-once.ts";
import { type AgentSpec, agentsWithClocks, startFleet } from "./start-fleet.ts";

const { values } = parseArgs({
  options: {
    agents: { type: "string", default: "51" },
    server: { type: "string", default: "20" },
    controller: { type: "string", default: "20" },
    measure: { type: "string", default: "40" },
    away: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    fleets: { type: "string", default: "4" },
    within: { type: "string", default: "3600" },
    open: { type: "boolean", default: false },
  },
});

/** The trial takes two of them; the third is there when one is lost. The target stays where it is, with sysctls of its own. */
const specs = agentsWithClocks([0, 5000, -5000]).map((spec): AgentSpec => {
  const flags = values.open ? ["--insecure"] : [];
  return { ...spec, stays: spec.role === "target", flags };
});
const names = specs.map(({ name }) => name);

const measureS = Number(values.measure);
/** From the first host of the trial until its results are in, about: a kill falls anywhere into it. */
const killWithinMs = 1000 * (measureS + 2);
const awayMsMax = 1000 * Number(values.away);
const AGENT_VICTIMS = ["agent SIGKILL", "agent SIGSTOP", "agent cut off"] as const;
const uniform = seedUniform(Number(values.seed));
const drawn = [
  ...Array.from(
    { length: Number(values.agents) },
    (_, i): Victim => AGENT_VICTIMS[i % AGENT_VICTIMS.length] ?? "agent SIGKILL",
  ),
  ...Array.from({ length: Number(values.server) }, (): Victim => "server"),
  ...Array.from({ length: Number(values.controller) }, (): Victim => "controller"),
].map((victim, index) => {
  const [whenDrawn, awayDrawn] = [uniform(), uniform()];
  const isAway = victim !== "agent SIGKILL" && victim !== "controller";
  const isLong = isAway && victim !== "server" && Math.floor(index / 3) % 2 === 0;
  const leastMs = isLong ? Math.min(DEAD_MAN_MS, awayMsMax) : 0;
  const awayMs = isAway ? Math.round(leastMs + awayDrawn * (awayMsMax - leastMs)) : 0;
  const withinMs = isLong ? Math.max(0, 1000 * measureS - awayMs) : killWithinMs;
  const afterMs = Math.round(whenDrawn * withinMs);
  return { place: uniform(), kill: { victim, index, afterMs, awayMs, measureS } };
});
const kills = drawn.toSorted((a, b) => a.place - b.place).map(({ kill }) => kill);

const startedAtMs = performance.now();
const left = kills.values();
const reports: KillReport[] = [];
await Promise.all(Array.from({ length: Number(values.fleets) }, killOnOneFleet));
for (const victim of VICTIMS) {
  print({ all: victim, ...sumUp(reports.filter((report) => report.victim === victim)) });
}
const tookS = Math.round((performance.now() - startedAtMs) / 1000);
print({
  all: "kills",
  ...sumUp(reports),
  secured: !values.open,
  fleets: Number(values.fleets),
  tookS,
});
process.exitCode = reports.every(({ problems }) => problems.length === 0) ? 0 : 1;

/** Takes the next kill of all, until none is left. */
async function killOnOneFleet(_: unknown, i: number): Promise<void> {
  await using homes = openHomes(names, `198.19.${200 + i}`);
  const housed = specs.map((spec) => ({ ...spec, home: homes.of(spec.name) }));
  await using fleet = await startFleet(housed, homes.hub, values.open ? null : names);
  for (const kill of left) {
    if (performance.now() - startedAtMs > 1000 * Number(values.within)) return;
    // All but the third: a kill that no trial notices would show nothing.
    const report = await killOnce(fleet, { ...kill, agents: housed.slice(0, 3), homes });
    reports.push(report);
    print(report);
  }
}

function sumUp(some: readonly KillReport[]): object {
  const states = some.flatMap((report) => report.states);
  const count = (state: string): number => states.filter((each) => each === state).length;
  return {
    kills: some.length,
    attempts: states.length,
    completed: count("completed"),
    invalid: count("invalid"),
    aborted: count("aborted"),
    failed: count("failed"),
    resumed: some.filter(({ resumed }) => resumed).length,
    longerThanDeadMan: some.filter(({ awayMs }) => awayMs > DEAD_MAN_MS).length,
    awayMsMax: Math.max(0, ...some.map(({ awayMs }) => awayMs)),
    changedWhenKilled: some.filter(({ changed }) => changed > 0).length,
    goneAfterMsMax: Math.max(0, ...some.map(({ goneAfterMs }) => goneAfterMs ?? 0)),
    broken: some.filter(({ problems }) => problems.length > 0).length,
  };
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
