// What a report costs to make and to open, and what a dashboard costs the run that it watches.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseScenario, planTrials, type Sample } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import type { Browser } from "playwright-core";
import { launchChromium, openPage, untilDrawn } from "../e2e/report/chromium.ts";
import { makeRun } from "../packages/report/test/fixtures/make-run.ts";
import { MATRIX, TWO_SECONDS } from "../packages/report/test/fixtures/scenarios.ts";
import { simulateTrial } from "../packages/report/test/fixtures/simulate-trial.ts";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";
import { startServer } from "./dashboard-server.ts";

const ROUNDS = 5;
const SERIES = [
  "time_wait",
  "tcp.inuse",
  "connections.attempted",
  "connections.succeeded",
] as const;
const ROLES = ["client", "target"] as const;
const POINTS = 100_000;
const TABS = 4;
const WATCHED_MS = 8000;
const BYTES_PER_MB = 1e6;

export const bench: Benchmark = {
  name: "report",
  description: "the report of 800 000 samples and of 200 trials; a dashboard's cost per tab",
  run,
};

const FIGURES = {
  "report.build": { unit: "ms", target: { max: 2000 } },
  "report.memory": { unit: "MiB", target: null },
  "report.size": { unit: "MB", target: { max: 5 } },
  "report.drawn": { unit: "ms", target: { max: 1000 } },
  "matrix.build": { unit: "ms", target: { max: 2000 } },
  "matrix.size": { unit: "MB", target: { max: 5 } },
  "matrix.drawn": { unit: "ms", target: null },
  "dashboard.cpu": { unit: "% of a core", target: null },
  "dashboard.cpu_per_tab": { unit: "% of a core", target: { max: 2 } },
  "dashboard.first_paint": { unit: "ms", target: { max: 1000 } },
  "dashboard.page": { unit: "kB gzip", target: { max: 150 } },
} as const;

type FigureId = keyof typeof FIGURES;
type Add = (id: FigureId, value: number) => void;

async function run({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "churnlab-bench-"));
  const browser = await launchChromium();
  try {
    const long = path.join(directory, "long.db");
    const matrix = path.join(directory, "matrix.db");
    log("writing 800 000 samples, and 200 trials");
    writeLongTrial(long);
    writeMatrix(matrix);
    const figures = new Map<FigureId, number[]>();
    const add: Add = (id, value) => {
      figures.set(id, [...(figures.get(id) ?? []), value]);
    };
    for (let round = 0; round < rounds; round++) {
      await measureReport(browser, long, { name: "report", add });
      await measureReport(browser, matrix, { name: "matrix", add });
      await measureDashboard(browser, add);
      log(`round ${round + 1} of ${rounds}`);
    }
    return [...figures].map(([id, values]) => rowOfRounds({ id, ...FIGURES[id] }, values));
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One trial with 8 series of 100 000 samples. */
function writeLongTrial(file: string): void {
  using store = openStore(file, { mode: "write" });
  const scenario = parseScenario(TWO_SECONDS, "scenario.yaml");
  const plan = planTrials(scenario);
  const [trial] = plan.trials;
  if (trial === undefined) throw new Error("the scenario has no trial");
  const runId = store.startRun({ scenario, plan, version: "0.1.0", startedAtUnixMs: Date.now() });
  const samples = ROLES.flatMap((role) =>
    SERIES.flatMap((metric) =>
      Array.from(
        { length: POINTS },
        (_, i): Sample => ({ role, metric, tMs: i * 10, value: 1000 + (i % 977) + i / 10 }),
      ),
    ),
  );
  const record = simulateTrial(trial, { startedAtUnixMs: Date.now() });
  store.saveAttempt(runId, {
    trial,
    outcome: { state: "completed", record: { ...record, samples } },
    attempt: 1,
  });
  store.finishRun(runId, "completed");
}

function writeMatrix(file: string): void {
  using store = openStore(file, { mode: "write" });
  makeRun(store, MATRIX);
}

async function measureReport(
  browser: Browser,
  database: string,
  { name, add }: { readonly name: "report" | "matrix"; readonly add: Add },
): Promise<void> {
  const html = `${database}.html`;
  const script = path.join(import.meta.dirname, "report-once.ts");
  const output = execFileSync(process.execPath, [script, database, html], { encoding: "utf8" });
  const { ms, bytes, maxRssKib } = JSON.parse(output) as {
    ms: number;
    bytes: number;
    maxRssKib: number;
  };
  add(`${name}.build`, ms);
  add(`${name}.size`, bytes / BYTES_PER_MB);
  if (name === "report") add("report.memory", maxRssKib / 1024);
  await using opened = await openPage(browser, { offline: true });
  await opened.page.goto(`file://${html}`);
  await untilDrawn(opened.page);
  add(`${name}.drawn`, await opened.page.evaluate(() => performance.now()));
}

/** CPU of the process that runs the trial, without and with tabs that watch it. */
async function measureDashboard(browser: Browser, add: Add): Promise<void> {
  await using server = await startServer();
  const alone = await server.measureCpuShare(WATCHED_MS);
  add("dashboard.page", (await countPageBytes(server.address)) / 1000);
  const tabs = [];
  for (let i = 0; i < TABS; i++) {
    const opened = await openPage(browser);
    tabs.push(opened);
    await opened.page.goto(new URL("/live", server.address).href);
    await untilDrawn(opened.page);
  }
  const paintMs = await tabs[0]?.page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  );
  if (paintMs !== undefined) add("dashboard.first_paint", paintMs);
  const watched = await server.measureCpuShare(WATCHED_MS);
  add("dashboard.cpu", watched * 100);
  add("dashboard.cpu_per_tab", (Math.max(0, watched - alone) / TABS) * 100);
  for (const tab of tabs) await tab[Symbol.asyncDispose]();
}

/** The live page with all that it asks for, as it travels: fetch would unpack it. */
async function countPageBytes(address: string): Promise<number> {
  const sizes = await Promise.all(
    ["/live", "/assets/page.css", "/assets/dashboard.js"].map((file) =>
      countBytes(new URL(file, address)),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function countBytes(url: URL): Promise<number> {
  const request = get(url, { headers: { "accept-encoding": "gzip" } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return bytes;
}
