// Kills agents, the server and the controller of a fleet at random moments, and looks at what is left:
//   node --conditions=@churnlab/source e2e/fleet/soak.ts [--agents 50] [--server 20] [--controller 20] [--seed 1]
// Prints one line of JSON for each kill and one for all; ends with 1 when something does not hold that must.
import { parseArgs } from "node:util";
import { seedUniform } from "@churnlab/core";
import { KILL_WITHIN_MS, type KillReport, killOnce, type Victim } from "./kill-once.ts";
import { agentsWithClocks, startFleet } from "./start-fleet.ts";

const { values } = parseArgs({
  options: {
    agents: { type: "string", default: "50" },
    server: { type: "string", default: "20" },
    controller: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});

/** The trial takes two of them; the third is there when one is lost. The target stays where it is, with sysctls of its own. */
const specs = agentsWithClocks([0, 5000, -5000]).map((spec) => {
  return { ...spec, stays: spec.role === "target" };
});
const uniform = seedUniform(Number(values.seed));
const victims: Victim[] = [
  ...Array.from(
    { length: Number(values.agents) },
    (_, i): Victim => (i % 2 === 0 ? "agent SIGKILL" : "agent SIGSTOP"),
  ),
  ...Array.from({ length: Number(values.server) }, (): Victim => "server"),
  ...Array.from({ length: Number(values.controller) }, (): Victim => "controller"),
];

const reports: KillReport[] = [];
await using fleet = await startFleet(specs);
for (const [index, victim] of victims.entries()) {
  const afterMs = Math.round(uniform() * KILL_WITHIN_MS);
  const report = await killOnce(fleet, { victim, afterMs, agents: specs, index });
  reports.push(report);
  print(report);
}
const states = reports.flatMap((report) => report.states);
const broken = reports.filter(({ problems }) => problems.length > 0);
const count = (state: string): number => states.filter((each) => each === state).length;
print({
  kills: reports.length,
  attempts: states.length,
  completed: count("completed"),
  invalid: count("invalid"),
  aborted: count("aborted"),
  failed: count("failed"),
  changedWhenKilled: reports.filter(({ changed }) => changed > 0).length,
  goneAfterMsMax: Math.max(0, ...reports.map(({ goneAfterMs }) => goneAfterMs ?? 0)),
  broken: broken.length,
});
process.exitCode = broken.length === 0 ? 0 : 1;

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
