// npm run gallery: runs shipped scenarios here, writes their reports to docs/gallery, and takes the pictures of the README.
// Takes three minutes, needs Chromium and what `churnlab run` needs.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "@churnlab/store";
import type { Browser } from "playwright-core";
import { launchChromium, openPage, untilDrawn } from "../e2e/report/chromium.ts";

const root = path.resolve(import.meta.dirname, "..");
const gallery = path.join(root, "docs/gallery");
const bin = path.join(root, "packages/cli/bin/churnlab.mjs");
const BYTES_MAX = 3_000_000;

/** Shipped scenarios that run in namespaces of this machine and end soon. The first one gives the pictures. */
const SCENARIOS = ["quickstart", "gateway-exhaustion", "linger-rst", "somaxconn-backlog"];
/** Into the measure phase of the first trial, when its ports are nearly used up. */
const LIVE_AFTER_MS = 4500;

mkdirSync(gallery, { recursive: true });
const place = mkdtempSync(path.join(tmpdir(), "churnlab-gallery-"));
const database = path.join(place, "gallery.db");
const browser = await launchChromium();
try {
  await runFirst();
  for (const name of SCENARIOS.slice(1))
    churnlab("run", scenarioOf(name), "--db", database, "--quiet", "--report", reportOf(name));
  for (const scheme of ["light", "dark"] as const) await takePictures(browser, scheme);
  writeFileSync(path.join(gallery, "README.md"), describeGallery());
} finally {
  await browser.close();
  rmSync(place, { recursive: true });
}

function scenarioOf(name: string): string {
  return path.join(root, "scenarios", `${name}.yaml`);
}

function reportOf(name: string): string {
  return path.join(gallery, `${name}.html`);
}

/** A gate that fails and a trial that does not count are part of what a gallery shows. */
function churnlab(...args: readonly string[]): void {
  console.error(`churnlab ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, [bin, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0 && status !== 4 && status !== 99)
    throw new Error(`churnlab ended with ${status}`);
}

/** The first run is watched: its dashboard is a picture too. */
async function runFirst(): Promise<void> {
  const [name = ""] = SCENARIOS;
  const args = ["run", scenarioOf(name), "--db", database, "--ui", "0", "--report", reportOf(name)];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => {
    child.once("close", resolve);
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  while (!said.includes("/live?token=")) await sleep(20);
  await using opened = await openPage(browser, { viewport: { width: 1280, height: 900 } });
  const { page } = opened;
  await page.goto(/http:\S+/.exec(said)?.[0] ?? "");
  await sleep(LIVE_AFTER_MS);
  await page.locator(".live-columns").waitFor();
  await page.screenshot({ path: path.join(gallery, "dashboard.png") });
  await ended;
}

/** The port budget of the first report, and the head of its page. */
async function takePictures(from: Browser, colorScheme: "light" | "dark"): Promise<void> {
  const [name = ""] = SCENARIOS;
  const viewport = { width: 1180, height: 900 };
  await using opened = await openPage(from, { colorScheme, offline: true, viewport });
  const { page } = opened;
  await page.goto(`file://${reportOf(name)}`);
  await untilDrawn(page);
  if (colorScheme === "light") await page.screenshot({ path: path.join(gallery, "report.png") });
  // The picture is of the first two charts: what stands below them is for readers of the report.
  await page.evaluate(() => {
    const around =
      '.toolbar, [data-chart="ports-client"] :is(figcaption, .events, .note, .save, details, figure:nth-of-type(n + 3))';
    for (const element of document.querySelectorAll<HTMLElement>(around))
      element.style.display = "none";
  });
  const panels = page.locator('[data-chart="ports-client"]');
  await panels.screenshot({ path: path.join(gallery, `port-budget-${colorScheme}.png`) });
}

function describeGallery(): string {
  using store = openStore(database, { mode: "read" });
  const rows = store.listRuns().map(({ runId, scenario }) => {
    const { resolved, environment } = store.loadRun(runId);
    const kilobytes = Math.round(statSync(reportOf(scenario)).size / 1000);
    const kernel = environment?.facts["kernel.release"] ?? "?";
    return `| [${scenario}](${scenario}.html) | ${resolved.description} | Linux ${kernel} | ${kilobytes} kB |`;
  });
  const bytes = SCENARIOS.reduce((sum, name) => sum + statSync(reportOf(name)).size, 0);
  if (bytes > BYTES_MAX) throw new Error(`the reports take ${bytes} bytes; leave one out`);
  return `# Reports of real runs

Each is one HTML file that needs no network: download it and open it. \`npm run gallery\` makes all of them, and the
pictures, anew on the machine at hand.

| report | question | kernel | size |
| --- | --- | --- | --- |
${rows.join("\n")}

<picture>
  <source media="(prefers-color-scheme: dark)" srcset="port-budget-dark.png">
  <img alt="The port budget of a run: TIME_WAIT fills the port range, and stays below it with tcp_tw_reuse" src="port-budget-light.png">
</picture>

![The dashboard of a run that goes on](dashboard.png)
`;
}
