import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openDashboard } from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { playRun } from "../../packages/report/test/fixtures/play-run.ts";
import { TW_REUSE } from "../../packages/report/test/fixtures/scenarios.ts";
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

function query<Row>(file: string, sql: string): Row[] {
  using db = new DatabaseSync(file, { readOnly: true });
  return db.prepare(sql).all() as Row[];
}
