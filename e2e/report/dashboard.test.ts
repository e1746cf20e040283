import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { LiveFeed } from "@churnlab/report";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  type OpenDashboard,
  openDashboard,
} from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { playRun } from "../../packages/report/test/fixtures/play-run.ts";
import { TW_REUSE } from "../../packages/report/test/fixtures/scenarios.ts";
import { SMALL_SCENARIO, type Started, Workplace } from "../cli/churnlab.ts";
import {
  countInkedCanvases,
  expectAccessible,
  keepScreenshot,
  openPage,
  untilDrawn,
} from "./chromium.ts";
import { cellOf, findTable, readTables } from "./read-tables.ts";
import { useChromium } from "./use-chromium.ts";

const TWO_TRIALS = TW_REUSE.replace("replicates: 6", "replicates: 1");
/** 41 moments a trial: two trials last two and a half seconds. */
const MOMENT_MS = 30;

const browser = useChromium();

describe("the pages of the dashboard", () => {
  it.each(["light", "dark"] as const)(
    "list, replay and compare runs, and are accessible in %s",
    async (colorScheme) => {
      await using opened = await openDashboard();
      const first = makeRun(opened.store, TW_REUSE);
      const second = makeRun(opened.store, TW_REUSE, { startedAtUnixMs: Date.now() });
      await using watched = await openPage(browser, { colorScheme });
      const { page, complaints } = watched;
      await page.goto(opened.at("/"));
      expect(await page.getByRole("link", { name: first }).isVisible()).toBe(true);
      await expectAccessible(page);
      await page.getByRole("button", { name: "Compare B with A" }).click();
      await page.waitForURL(/compare/);
      expect(await page.locator("h1").innerText()).toBe(`${second} against ${first}`);
      expect(await page.getByRole("img", { name: /connections\.rate of A and B/ }).count()).toBe(1);
      expect(
        findTable(await readTables(page), "baseline: B against A").rows.length,
      ).toBeGreaterThan(10);
      await expectAccessible(page);
      await keepScreenshot(page, `dashboard-compare-${colorScheme}`);
      await page.getByRole("link", { name: "Trend" }).click();
      expect(findTable(await readTables(page), "tw-reuse, baseline").rows).toHaveLength(2);
      await expectAccessible(page);
      await keepScreenshot(page, `dashboard-trend-${colorScheme}`);
      await page.goto(opened.at(`/runs/${first}`));
      await untilDrawn(page);
      await expect.poll(() => countInkedCanvases(page)).toEqual({ inked: 8, all: 8 });
      await expectAccessible(page);
      expect(complaints).toEqual([]);
    },
  );

  it("keep the list up to date while runs are made, and what was chosen in it", async () => {
    await using opened = await openDashboard();
    makeRun(opened.store, TWO_TRIALS);
    const second = makeRun(opened.store, TWO_TRIALS, { startedAtUnixMs: Date.now() });
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(opened.at("/"));
    await page.getByRole("radio", { name: `${second} as A` }).check();
    const third = await playRun(opened, TWO_TRIALS);
    await page.getByRole("link", { name: third }).waitFor();
    expect(await page.getByRole("radio", { name: `${second} as A` }).isChecked()).toBe(true);
  });
});

describe("a run that is watched", () => {
  it("shows the same final numbers in a tab that stays, one that is reloaded and one that comes late", async () => {
    await using opened = await openDashboard();
    await using staying = await openPage(browser);
    await using reloaded = await openPage(browser);
    const killed = await openPage(browser);
    const tabs = [staying, reloaded, killed];
    for (const { page } of tabs) {
      await page.goto(opened.at("/live"));
      await untilDrawn(page);
    }
    expect(await staying.page.locator("h1").innerText()).toBe("No run goes on");
    let moments = 0;
    const events: Promise<unknown>[] = [];
    const runId = await playRun(opened, TWO_TRIALS, {
      waitMs: MOMENT_MS,
      onMoment: () => {
        moments++;
        if (moments === 20) events.push(reloaded.page.reload(), killed.page.close());
        if (moments === 60) events.push(keepScreenshot(staying.page, "dashboard-live"));
      },
    });
    await Promise.all(events);
    await using late = await openPage(browser);
    await late.page.goto(opened.at("/live"));
    const stored = query<{ variant: string; rate: number; failed: number }>(
      opened.store.path,
      `SELECT variant, max(value) FILTER (WHERE metric = 'connections.rate') AS rate,
         max(value) FILTER (WHERE metric = 'connections.failed') AS failed
       FROM v_measurement WHERE role = 'client' AND run_id = '${runId}' GROUP BY variant ORDER BY variant`,
    );
    for (const { page, complaints } of [staying, reloaded, late]) {
      await page.getByText("The run is completed. Open its report").waitFor();
      const table = findTable(await readTables(page), "Trials so far");
      const shown = table.rows.map((row) => ({
        variant: row[0]?.text,
        rate: cellOf(table, row, "rate of the last").value,
        failed: Number(cellOf(table, row, "failed in the last").text.replaceAll(" ", "")),
      }));
      expect(shown).toEqual(stored);
      await expect
        .poll(async () => (await countInkedCanvases(page)).inked)
        .toBeGreaterThanOrEqual(4);
      expect(complaints).toEqual([]);
    }
    await expectAccessible(staying.page);
    await killed[Symbol.asyncDispose]();
  });

  it("takes as long at each moment with three tabs as without any, and hardly a processor's time", async () => {
    const watched = await timeRun(async (opened) => {
      const tabs = await Promise.all([openPage(browser), openPage(browser), openPage(browser)]);
      for (const { page } of tabs) await page.goto(opened.at("/live"));
      return tabs;
    });
    expect(watched.slowed).toBeLessThan(1.2);
    expect(watched.cpuShare).toBeLessThan(TELLING_SHARE_MAX);
    // A listener that takes the processor for a moment, each time that it is told, is found out.
    const heldUp = await timeRun(async ({ feed }) => {
      feed.listen(() => {
        const before = process.threadCpuUsage();
        while (cpuMsSince(before) < MOMENT_MS);
      });
      return [];
    });
    expect(heldUp.cpuShare).toBeGreaterThan(TELLING_SHARE_MAX);
  });

  it("is told of trouble: a lost connection is said, and a page comes back by itself", async () => {
    await using opened = await openDashboard();
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(opened.at("/live"));
    await untilDrawn(page);
    const port = Number(new URL(opened.dashboard.address).port);
    await opened.dashboard.close();
    await page.getByText("reconnecting. The run goes on").waitFor();
    await using again = await openDashboard({ port });
    await playRun(again, TWO_TRIALS);
    await page.getByText("The run is completed. Open its report").waitFor();
    expect(await page.getByText("reconnecting").count()).toBe(0);
  });

  it("comes back by itself when all places were taken, and says so meanwhile", async () => {
    await using opened = await openDashboard();
    const leave = new AbortController();
    await Promise.all(
      Array.from({ length: 64 }, () => fetch(opened.at("/api/stream"), { signal: leave.signal })),
    );
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(opened.at("/live"));
    const trouble = page.getByText("has no place for this page");
    await trouble.waitFor();
    leave.abort();
    await trouble.waitFor({ state: "detached", timeout: 15_000 });
    expect(opened.dashboard.streams()).toBe(1);
  });

  it("can be stopped from a page that was opened with the token, and from no other", async () => {
    const abort = new AbortController();
    await using opened = await openDashboard({ stop: () => abort.abort() });
    await using plain = await openPage(browser);
    await using trusted = await openPage(browser);
    const playing = playRun(opened, TW_REUSE, { waitMs: MOMENT_MS, signal: abort.signal });
    await plain.page.goto(opened.at("/live"));
    await plain.page.getByText(/trial \d+ of 12/).waitFor();
    expect(await plain.page.getByRole("button", { name: "Stop the run" }).count()).toBe(0);
    await trusted.page.goto(opened.dashboard.url);
    expect(trusted.page.url()).not.toContain("token");
    await trusted.page.goto(opened.at("/live"));
    trusted.page.on("dialog", (dialog) => void dialog.accept());
    await trusted.page.getByRole("button", { name: "Stop the run" }).click();
    await playing;
    await plain.page.getByText("The run is aborted").first().waitFor();
  });

  it("stays small in a page for half an hour of samples at ten a second", async () => {
    await using opened = await openDashboard();
    await using watched = await openPage(browser);
    const { page, complaints } = watched;
    await page.goto(opened.at("/live"));
    await untilDrawn(page);
    await playRun(opened, TWO_TRIALS);
    const client = await page.context().newCDPSession(page);
    const heapBytes = async (): Promise<number> => {
      await client.send("HeapProfiler.collectGarbage");
      const { usedSize } = (await client.send("Runtime.getHeapUsage")) as { usedSize: number };
      return usedSize;
    };
    /** What a drawing that is never let go would add to, each time. */
    const countParts = async (): Promise<{ nodes: number; jsEventListeners: number }> => {
      await client.send("HeapProfiler.collectGarbage");
      return await client.send("Memory.getDOMCounters");
    };
    const play = async (fromMs: number, toMs: number): Promise<void> => {
      for (let tMs = fromMs; tMs < toMs; tMs += 100) {
        const values = Object.fromEntries(
          METRICS.map((metric, i) => [metric, 1000 + 100 * Math.sin(tMs / 1000 + i)]),
        );
        opened.feed.addSample({ tMs, values });
        // Ten thousand times faster than life, but not at once: a second of samples, then a breath.
        if (tMs % 2000 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      opened.feed.end("completed");
      await page.waitForTimeout(600);
    };
    const minutesMs = 60_000;
    await play(10_000, 4 * minutesMs);
    const early = await heapBytes();
    const partsEarly = await countParts();
    await play(4 * minutesMs, 30 * minutesMs);
    // A busy page still holds what it has yet to draw; what it keeps for good never goes down.
    await expect
      .poll(async () => (await heapBytes()) / early, { timeout: 20_000, interval: 500 })
      .toBeLessThan(1.25);
    const { nodes, jsEventListeners } = await countParts();
    expect(jsEventListeners).toBe(partsEarly.jsEventListeners);
    expect(nodes / partsEarly.nodes).toBeLessThan(1.05);
    // A series that became long is drawn by bins: the charts must have taken that.
    expect(complaints).toEqual([]);
  });
});

const METRICS = [
  "client.time_wait",
  "client.tcp.inuse",
  "target.time_wait",
  "target.tcp.inuse",
  "target.accept_queue",
  "target.syn_recv",
  "client.ports.used",
  "client.ports.range",
] as const;

/** The same pauses as a run's, in a thread that has nothing to do with a dashboard: how long each of them was. */
const PACER = `
  const { parentPort, workerData } = require("node:worker_threads");
  (async () => {
    const tookMs = [];
    for (let i = 0; i < workerData.pauses; i++) {
      const startedMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, workerData.pauseMs));
      tookMs.push(performance.now() - startedMs);
    }
    parentPort.postMessage(tookMs);
  })();`;
const PAUSES = 82;
/** Of a run's time: what it may take to tell its samples, to however many. */
const TELLING_SHARE_MAX = 0.02;

interface RunTimes {
  /** The median moment against the median of the same pauses beside it: browsers and other work make some of both wait. */
  readonly slowed: number;
  /** CPU time of the run's thread while it hands its samples out, of the run's time. */
  readonly cpuShare: number;
}

async function timeRun(
  watch: (opened: OpenDashboard) => Promise<readonly AsyncDisposable[]>,
): Promise<RunTimes> {
  await using opened = await openDashboard();
  const tabs = await watch(opened);
  const tellingMs = timeSamples(opened.feed);
  const pacer = new Worker(PACER, {
    eval: true,
    workerData: { pauses: PAUSES, pauseMs: MOMENT_MS },
  });
  const paced = once(pacer, "message") as Promise<[number[]]>;
  const atMs: number[] = [];
  await playRun(opened, TWO_TRIALS, {
    waitMs: MOMENT_MS,
    onMoment: () => atMs.push(performance.now()),
  });
  const [pausesMs] = await paced;
  for (const tab of tabs) await tab[Symbol.asyncDispose]();
  const tookMs = atMs.slice(1).map((ms, i) => ms - (atMs[i] ?? 0));
  expect(tookMs.length).toBeGreaterThan(PAUSES / 2);
  return {
    slowed: medianOf(tookMs) / medianOf(pausesMs),
    cpuShare: tellingMs() / (PAUSES * MOMENT_MS),
  };
}

/** Returns how much CPU time has gone into the samples that the feed was given since. */
function timeSamples(feed: LiveFeed): () => number {
  const addSample = feed.addSample.bind(feed);
  let ms = 0;
  feed.addSample = (sample) => {
    const before = process.threadCpuUsage();
    addSample(sample);
    ms += cpuMsSince(before);
  };
  return () => ms;
}

/** Of this thread. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe("churnlab serve", () => {
  it("shows a run of another process sample by sample in three tabs, and its numbers when it is done", async () => {
    using place = new Workplace();
    const { run, serve, address } = await startBoth(place, 3);
    await using staying = await openPage(browser);
    await using reloaded = await openPage(browser);
    const killed = await openPage(browser);
    for (const { page } of [staying, reloaded, killed]) {
      await page.goto(address("/live"));
      const agents = page.getByRole("region", { name: "Agents in the last second" });
      await expect.poll(() => agents.locator("tbody tr").count()).toBe(1);
    }
    expect(await staying.page.getByText("This page reads the database").count()).toBe(0);
    await reloaded.page.reload();
    await killed[Symbol.asyncDispose]();
    // 4: a trial that does not count, as where a browser takes the processor from the load.
    expect([0, 4]).toContain((await run.ended).code);
    for (const { page } of [staying, reloaded]) {
      await page.getByText("The run is completed. Open its report").waitFor();
      expect(await readResults(page)).toEqual(storedResults(place));
    }
    const { page } = staying;
    await page.getByRole("link", { name: "Open its report" }).click();
    await untilDrawn(page);
    const failed = findTable(await readTables(page), "Failed connections by errno");
    const stored = query<{ count: number }>(
      path.join(place.folder, "churnlab.db"),
      "SELECT sum(count) AS count FROM v_failure GROUP BY variant, phase, errno",
    );
    const shown = failed.rows.map((row) => cellOf(failed, row, "connections").value);
    const ascending = (a: number | null, b: number | null): number => (a ?? 0) - (b ?? 0);
    expect(shown.toSorted(ascending)).toEqual(stored.map(({ count }) => count).toSorted(ascending));
    await keepScreenshot(page, "dashboard-real-run");
    expect([...staying.complaints, ...reloaded.complaints]).toEqual([]);
    serve.child.kill("SIGINT");
    expect((await serve.ended).code).toBe(0);
  });

  it("says of a run whose process was killed that it was aborted, with the numbers that it left", async () => {
    using place = new Workplace();
    const { run, serve, address } = await startBoth(place, 6);
    await using watched = await openPage(browser);
    const { page, complaints } = watched;
    await page.goto(address("/live"));
    await page.getByText(/trial 3 of 12: .*, measure/).waitFor();
    run.child.kill("SIGKILL");
    await run.ended;
    await page.getByText("The run is aborted. Open its report").waitFor();
    expect(await readResults(page)).toEqual(storedResults(place));
    expect(complaints).toEqual([]);
    // What it left beside its database goes with the next run.
    const sockets = (): string[] => readdirSync(place.folder).filter((one) => /live/.test(one));
    expect(sockets()).toHaveLength(1);
    await place.run(["run", "small.yaml", "--replicates", "1"]);
    expect(sockets()).toEqual([]);
    serve.child.kill("SIGINT");
    await serve.ended;
  });
});

/** A run of the small scenario, in its second trial, and another process that serves its database. */
async function startBoth(
  place: Workplace,
  replicates: number,
): Promise<{ run: Started; serve: Started; address: (of: string) => string }> {
  const text = SMALL_SCENARIO.replace("replicates: 1", `replicates: ${replicates}`);
  const run = place.start(["run", place.write("small.yaml", text)]);
  await run.shows(`trial 2/${2 * replicates}`);
  const port = await findFreePort();
  const serve = place.start(["serve", "--port", String(port)]);
  await serve.shows("Ctrl-C ends it.");
  return { run, serve, address: (of) => `http://127.0.0.1:${port}${of}` };
}

interface ShownResult {
  readonly variant: string;
  readonly trials: number;
  readonly rate: number | null;
  readonly failed: number | null;
}

/** By variant, what a live page says of the trials so far. */
async function readResults(page: Page): Promise<ShownResult[]> {
  const table = findTable(await readTables(page), "Trials so far");
  return table.rows.map((row) => ({
    variant: row[0]?.text ?? "",
    trials: Number.parseInt(row[1]?.text ?? "", 10),
    rate: cellOf(table, row, "rate of the last").value,
    failed: Number(cellOf(table, row, "failed in the last").text.replaceAll(" ", "")),
  }));
}

function storedResults(place: Workplace): ShownResult[] {
  return query<ShownResult>(
    path.join(place.folder, "churnlab.db"),
    `WITH own AS (SELECT trial_id, variant, metric, value FROM v_measurement
       WHERE run_id = (SELECT run_id FROM v_run LIMIT 1) AND role = 'client')
     SELECT variant, count(DISTINCT trial_id) AS trials,
       (SELECT value FROM own AS last WHERE last.variant = own.variant AND metric = 'connections.rate'
          ORDER BY trial_id DESC LIMIT 1) AS rate,
       (SELECT value FROM own AS last WHERE last.variant = own.variant AND metric = 'connections.failed'
          ORDER BY trial_id DESC LIMIT 1) AS failed
     FROM own GROUP BY variant ORDER BY variant`,
  ).map((row) => ({ ...row }));
}

describe("churnlab run --ui", () => {
  it("shows its samples as they are taken, writes its report, and ends by itself with tabs open", async () => {
    using place = new Workplace();
    const scenario = place.write(
      "small.yaml",
      SMALL_SCENARIO.replace("measure: 1s", "measure: 3s"),
    );
    const run = place.start(["run", scenario, "--ui", "0", "--report", "out.html"]);
    let said = "";
    run.child.stderr?.on("data", (text: string) => {
      said += text;
    });
    await run.shows("/live?token=");
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(/http:\S+/.exec(said)?.[0] ?? "");
    await untilDrawn(page);
    await expect
      .poll(() => countInkedCanvases(page), { timeout: 10_000 })
      .toMatchObject({ inked: 4 });
    expect(await page.getByRole("button", { name: "Stop the run" }).isVisible()).toBe(true);
    const agents = page.getByRole("region", { name: "Agents in the last second" });
    await expect.poll(() => agents.locator("tbody tr").count(), { timeout: 10_000 }).toBe(1);
    expect((await run.ended).code).toBe(0);
    await page.getByText("The run is completed. Open its report").waitFor();
    await page.getByText("The server has gone with its run").waitFor();
    await page.goto(`file://${path.join(place.folder, "out.html")}`);
    await untilDrawn(page);
    expect(await page.locator("h1").innerText()).toBe("small");
  });
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function query<Row>(file: string, sql: string): Row[] {
  using db = new DatabaseSync(file, { readOnly: true });
  return db.prepare(sql).all() as Row[];
}
