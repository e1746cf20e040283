// A dashboard with a run that goes on for ever: 8 series at 10 Hz, in real time. Prints its address, then the CPU time it
// has used and its heap whenever a line comes on stdin: see dashboard-server.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseScenario, planTrials } from "@churnlab/core";
import { LiveFeed, startDashboard, storeSource } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { TW_REUSE } from "../packages/report/test/fixtures/scenarios.ts";

const SAMPLE_MS = 100;
const METRICS = [
  "client.time_wait",
  "client.tcp.inuse",
  "client.connections.attempted",
  "client.connections.succeeded",
  "target.time_wait",
  "target.tcp.inuse",
  "target.accept_queue",
  "target.syn_recv",
] as const;

const directory = mkdtempSync(path.join(tmpdir(), "churnlab-bench-"));
const store = openStore(path.join(directory, "runs.db"), { mode: "write" });
const scenario = parseScenario(TW_REUSE, "scenario.yaml");
const plan = planTrials(scenario);
const startedAtUnixMs = Date.now();
const runId = store.startRun({ scenario, plan, version: "0.1.0", startedAtUnixMs });
const feed = new LiveFeed();
const dashboard = await startDashboard({
  source: storeSource(store),
  version: "0.1.0",
  port: 0,
  feed,
});
feed.begin({ runId, scenario, plan, expectedMs: null, startedAtUnixMs });
const [trial] = plan.trials;
if (trial === undefined) throw new Error("the scenario has no trial");
feed.enterPhase(trial, "measure");
let tMs = 0;
const timer = setInterval(() => {
  tMs += SAMPLE_MS;
  const values = METRICS.map((metric, i) => [metric, 1000 + tMs * i] as const);
  feed.addSample({ tMs, values: Object.fromEntries(values) });
}, SAMPLE_MS);
console.log(dashboard.address);
for await (const _ of createInterface(process.stdin)) {
  const { user, system } = process.cpuUsage();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  console.log(JSON.stringify({ cpuUs: user + system, heapBytes: heapUsed + external }));
}
clearInterval(timer);
await dashboard.close();
store.close();
rmSync(directory, { recursive: true });
