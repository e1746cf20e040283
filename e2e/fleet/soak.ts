// Kills agents, the server and the controller of fleets at random moments, and looks at what is left:
//   node --conditions=@churnlab/source e2e/fleet/soak.ts [--agents 50] [--server 20] [--controller 20] [--seed 1] [--fleets 4] [--open]
// The fleets are as `fleet init` writes them, with TLS and a key for each, unless --open says otherwise; they run side by side,
// each with a server, agents and namespaces of its own. Prints one line of JSON for each kill, one for each kind of victim, and
// one for all; ends with 1 when something does not hold that must.
import { parseArgs } from "node:util";
import { seedUniform } from "@churnlab/core";
import { KILL_WITHIN_MS, type KillReport, killOnce, VICTIMS, type Victim } from "./kill-once.ts";
import { agentsWithClocks, startFleet } from "./start-fleet.ts";

const { values } = parseArgs({
  options: {
    agents: { type: "string", default: "50" },
    server: { type: "string", default: "20" },
    controller: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    fleets: { type: "string", default: "4" },
    open: { type: "boolean", default: false },
  },
});

/** The trial takes two of them; the third is there when one is lost. The target stays where it is, with sysctls of its own. */
const specs = agentsWithClocks([0, 5000, -5000]).map((spec) => {
  return { ...spec, stays: spec.role === "target" };
});
/** All but the third: a kill that no trial notices would show nothing. */
const killed = specs.slice(0, 3);

const uniform = seedUniform(Number(values.seed));
const kills = [
  ...Array.from(
    { length: Number(values.agents) },
    (_, i): Victim => (i % 2 === 0 ? "agent SIGKILL" : "agent SIGSTOP"),
  ),
  ...Array.from({ length: Number(values.server) }, (): Victim => "server"),
  ...Array.from({ length: Number(values.controller) }, (): Victim => "controller"),
].map((victim, index) => {
  return { victim, index, afterMs: Math.round(uniform() * KILL_WITHIN_MS), agents: killed };
});

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
async function killOnOneFleet(): Promise<void> {
  await using fleet = await startFleet(
    specs,
    null,
    values.open ? null : specs.map(({ name }) => name),
  );
  for (const kill of left) {
    const report = await killOnce(fleet, kill);
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
    changedWhenKilled: some.filter(({ changed }) => changed > 0).length,
    goneAfterMsMax: Math.max(0, ...some.map(({ goneAfterMs }) => goneAfterMs ?? 0)),
    broken: some.filter(({ problems }) => problems.length > 0).length,
  };
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
