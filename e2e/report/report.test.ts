import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { buildReport } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { afterAll, describe, expect, it } from "vitest";
import {
  type MakeRunOptions,
  makeRun,
  TemporaryDirectory,
} from "../../packages/report/test/fixtures/make-run.ts";
import { MATRIX, TW_REUSE, TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import {
  countInkedCanvases,
  expectAccessible,
  keepScreenshot,
  openPage,
  untilDrawn,
} from "./chromium.ts";
import { cellOf, findTable, readTables } from "./read-tables.ts";
import { useChromium } from "./use-chromium.ts";

const BYTES_MAX = 5_000_000;

const browser = useChromium();
const place = new TemporaryDirectory();
afterAll(() => place[Symbol.dispose]());

interface MadeReport {
  readonly url: string;
  readonly html: string;
  readonly query: <Row>(sql: string) => Row[];
}

/** The report of a simulated run as a file, and the database it was made of. */
async function makeReport(
  name: string,
  scenario: string,
  options: MakeRunOptions = {},
): Promise<MadeReport> {
  const database = place.file(`${name}.db`);
  const file = place.file(`${name}.html`);
  using store = openStore(database, { mode: "write" });
  const html = await buildReport(store, makeRun(store, scenario, options));
  writeFileSync(file, html);
  const query = <Row>(sql: string): Row[] => {
    using db = new DatabaseSync(database, { readOnly: true });
    return db.prepare(sql).all() as Row[];
  };
  return { url: `file://${file}`, html, query };
}

describe("a report opened from disk without a network", () => {
  it.each(["light", "dark"] as const)(
    "draws every chart, complains of nothing and is accessible in %s",
    async (scheme) => {
      const { url, html } = await makeReport(`tw-reuse-${scheme}`, TW_REUSE, {
        latencyOverTime: true,
      });
      expect(html.length).toBeLessThan(BYTES_MAX);
      await using opened = await openPage(browser, { colorScheme: scheme, offline: true });
      const { page, complaints } = opened;
      await page.goto(url);
      await untilDrawn(page);
      // Five kinds of chart for two variants: ports, rates, connect(), queues, TIME_WAIT.
      await expect.poll(() => countInkedCanvases(page)).toEqual({ inked: 10, all: 10 });
      await expectAccessible(page);
      await keepScreenshot(page, `report-${scheme}`);
      expect(complaints).toEqual([]);
    },
  );

  it("can be read with scripts off: tables and figures are in the page", async () => {
    const { url } = await makeReport("static", TW_REUSE);
    await using opened = await openPage(browser, { javaScriptEnabled: false, offline: true });
    const { page, complaints } = opened;
    await page.goto(url);
    expect(await page.locator(".panels.static svg").count()).toBe(8);
    expect(await page.locator(".panels.static svg").first().isVisible()).toBe(true);
    expect(await page.locator(".panels.live").first().isVisible()).toBe(false);
    expect(await page.locator("#gates table").innerText()).toContain(
      "client.failures.EADDRNOTAVAIL",
    );
    await keepScreenshot(page, "report-without-scripts");
    expect(complaints).toEqual([]);
  });

  it("prints in light colours with the static charts", async () => {
    const { url } = await makeReport("print", TW_REUSE);
    await using opened = await openPage(browser, { colorScheme: "dark", offline: true });
    const { page } = opened;
    await page.goto(url);
    await untilDrawn(page);
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      "rgb(255, 255, 255)",
    );
    expect(await page.locator(".panels.static svg").first().isVisible()).toBe(true);
    expect(await page.locator(".panels.live").first().isVisible()).toBe(false);
  });
});

describe("what the reader chooses", () => {
  it("shows other replicates and variants, hides lines, keeps the zoom in the address, switches the theme", async () => {
    const { url } = await makeReport("choice", TW_REUSE);
    await using opened = await openPage(browser, { offline: true });
    const { page, complaints } = opened;
    await page.goto(url);
    await untilDrawn(page);
    const panels = page.locator('[data-chart="ports-client"] figure');
    await page.getByRole("combobox", { name: "Replicate" }).selectOption("2");
    await expect.poll(() => panels.first().locator("h4").innerText()).toBe("baseline, replicate 2");
    await page.getByRole("checkbox", { name: "baseline" }).uncheck();
    await expect.poll(() => panels.count()).toBe(1);
    await page.getByRole("checkbox", { name: "baseline" }).check();
    const line = panels.first().getByRole("button", { name: "TIME_WAIT" });
    await line.press("Enter");
    expect(await line.getAttribute("aria-pressed")).toBe("false");
    const area = await panels.first().locator(".u-over").boundingBox();
    if (area === null) throw new Error("the chart has no area");
    await page.mouse.move(area.x + area.width / 4, area.y + 40);
    await page.mouse.down();
    await page.mouse.move(area.x + area.width / 2, area.y + 40, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^#t=/);
    const [fromS, toS] = (await page.evaluate(() => location.hash)).slice(3).split(",").map(Number);
    expect(fromS).toBeCloseTo(2, 1);
    expect(toS).toBeCloseTo(4, 1);
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      panels.first().getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(saved.suggestedFilename()).toBe("port-budget-baseline-2.csv");
    const [titles, first] = readFileSync(await saved.path(), "utf8").split("\n");
    expect([titles, first]).toEqual(["t_ms,TIME_WAIT,open sockets,ports in use", "0,1,1,"]);
    const [picture] = await Promise.all([
      page.waitForEvent("download"),
      panels.first().getByRole("button", { name: "PNG" }).click(),
    ]);
    expect(
      readFileSync(await picture.path())
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
    await page.getByRole("button", { name: "Light or dark" }).click();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      "rgb(17, 20, 24)",
    );
    expect(complaints).toEqual([]);
  });
});

describe("the numbers of a report", () => {
  it("are those of the SQL views", async () => {
    const { url, query } = await makeReport("numbers", TW_REUSE, { latencyOverTime: true });
    await using opened = await openPage(browser, { javaScriptEnabled: false });
    const { page } = opened;
    await page.goto(url);
    const tables = await readTables(page);
    const trials = findTable(tables, "Trials");
    const measured = query<{ trial_id: number; metric: string; value: number }>(
      "SELECT trial_id, metric, value FROM v_measurement WHERE role = 'client'",
    );
    const columns = {
      attempted: "connections.attempted",
      succeeded: "connections.succeeded",
      failed: "connections.failed",
      "not offered": "connections.dropped",
      rate: "connections.rate",
      "connect p50": "latency.connect.p50",
      "connect p99": "latency.connect.p99",
      "TIME_WAIT peak": "time_wait.peak",
      "ports used": "ports.used_peak",
    };
    expect(trials.rows).toHaveLength(12);
    for (const row of trials.rows) {
      for (const [title, metric] of Object.entries(columns)) {
        const stored = measured.find(
          (m) => String(m.trial_id) === row[0]?.text && m.metric === metric,
        );
        expect(cellOf(trials, row, title).value, `${title} of trial ${row[0]?.text}`).toBe(
          stored?.value,
        );
      }
    }
    const moved = findTable(tables, "tw_reuse=1 against baseline");
    const compared = query<{
      name: string;
      baseline_median: number | null;
      variant_median: number | null;
    }>("SELECT role || '.' || metric AS name, baseline_median, variant_median FROM v_comparison");
    expect(moved.rows.length).toBeGreaterThan(10);
    for (const row of moved.rows) {
      const stored = compared.find(({ name }) => name === row[0]?.text);
      expect({ name: row[0]?.text, baseline: row[1]?.value, variant: row[2]?.value }).toEqual({
        name: stored?.name,
        baseline: stored?.baseline_median,
        variant: stored?.variant_median,
      });
    }
    const failures = findTable(tables, "Failed connections by errno");
    const [failed] = query<{ count: number }>(
      "SELECT sum(count) AS count FROM v_failure WHERE variant = 'baseline'",
    );
    expect(failures.rows.map((row) => cellOf(failures, row, "connections").value)).toEqual([
      failed?.count,
    ]);
    const ports = findTable(tables, "Port budget: baseline, replicate 1");
    const samples = query<{ value: number }>(
      `SELECT value FROM v_sample WHERE variant = 'baseline' AND role = 'client' AND metric = 'time_wait'
       AND trial_id = (SELECT min(trial_id) FROM v_trial WHERE variant = 'baseline') ORDER BY t_ms`,
    ).map(({ value }) => value);
    const shown = ports.rows.map((row) => cellOf(ports, row, "TIME_WAIT").value);
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.every((value) => value !== null && samples.includes(value))).toBe(true);
    expect(Math.max(...shown.map(Number))).toBe(Math.max(...samples));
    const connects = findTable(tables, "connect() over time: baseline, replicate 1");
    const p99s = new Set(
      query<{ value: number }>(
        `SELECT value FROM v_sample WHERE variant = 'baseline' AND metric = 'latency.connect.p99'
         AND trial_id = (SELECT min(trial_id) FROM v_trial WHERE variant = 'baseline')`,
      ).map(({ value }) => value),
    );
    const shownP99s = connects.rows.map((row) => cellOf(connects, row, "connect() p99").value);
    expect(shownP99s.length).toBeGreaterThan(20);
    expect(shownP99s.every((value) => value !== null && p99s.has(value))).toBe(true);
    const capacity = findTable(tables, "Connections per second, by variant");
    const rates = query<{ variant: string; value: number }>(
      "SELECT variant, value FROM v_measurement WHERE metric = 'connections.rate' ORDER BY value",
    );
    for (const row of capacity.rows) {
      const own = rates.filter(({ variant }) => variant === row[0]?.text).map((r) => r.value);
      const middle = ((own[2] ?? 0) + (own[3] ?? 0)) / 2;
      expect(own).toHaveLength(6);
      expect(cellOf(capacity, row, "median").value).toBe(middle);
    }
  });

  it("of one trial's latencies are those of its histogram", async () => {
    const { url, query } = await makeReport("latencies", TWO_SECONDS);
    await using opened = await openPage(browser, { javaScriptEnabled: false });
    const { page } = opened;
    await page.goto(url);
    const table = findTable(await readTables(page), "Latency quantiles");
    const stored = query<Record<string, number | string>>("SELECT * FROM v_histogram");
    expect(table.rows).toHaveLength(stored.length);
    for (const row of table.rows) {
      const histogram = stored.find(({ metric }) => metric === `latency.${row[0]?.text}`);
      const pairs = {
        count: "count",
        p50: "p50",
        p90: "p90",
        p99: "p99",
        "p99.9": "p999",
        max: "max",
      };
      for (const [title, column] of Object.entries(pairs)) {
        expect(cellOf(table, row, title).value, `${row[0]?.text} ${title}`).toBe(
          histogram?.[column],
        );
      }
    }
  });
});

describe("runs of every size", () => {
  it("two seconds of one trial give data in every chart that applies", async () => {
    const { url } = await makeReport("two-seconds", TWO_SECONDS);
    await using opened = await openPage(browser, { offline: true });
    const { page, complaints } = opened;
    await page.goto(url);
    await untilDrawn(page);
    await expect.poll(() => countInkedCanvases(page)).toEqual({ inked: 4, all: 4 });
    await keepScreenshot(page, "report-two-seconds");
    expect(complaints).toEqual([]);
  });

  it("200 trials of a matrix give a heat map, and every trial is in the page", async () => {
    const { url, html } = await makeReport("matrix", MATRIX);
    expect(html.length).toBeLessThan(BYTES_MAX);
    await using opened = await openPage(browser, { colorScheme: "dark", offline: true });
    const { page, complaints } = opened;
    await page.goto(url);
    await untilDrawn(page);
    expect(await page.locator("#sweep svg").count()).toBeGreaterThanOrEqual(3);
    expect(findTable(await readTables(page), "Trials").rows).toHaveLength(200);
    await page.getByText("Variants: 6 of 20").click();
    await page.getByRole("checkbox", { name: "port_range=30000-38191,rate=400/s" }).check();
    await expect.poll(() => page.locator('[data-chart="ports-client"] figure').count()).toBe(7);
    await expectAccessible(page, "#sweep, #over-time");
    await keepScreenshot(page, "report-matrix");
    expect(complaints).toEqual([]);
  });

  it("a run without a trial, one that goes on, and one whose trials do not count say so", async () => {
    const empty = await makeReport("empty", TW_REUSE, { runningAfter: 0 });
    const going = await makeReport("going", TW_REUSE, { runningAfter: 5 });
    const broken = await makeReport("broken", TW_REUSE, {
      outcomeOf: (trial, { record }) =>
        trial.id % 2 === 0
          ? { state: "invalid", record, reason: "the target ended" }
          : {
              state: "failed",
              record,
              phase: "warm-up",
              code: "E_TARGET",
              message: "it never listened",
            },
    });
    await using opened = await openPage(browser, { offline: true });
    const { page, complaints } = opened;
    await page.goto(empty.url);
    expect(await page.locator("#verdict").innerText()).toContain("The run goes on: 0 of 12 trials");
    await page.goto(going.url);
    await untilDrawn(page);
    expect(await page.locator("#verdict").innerText()).toContain("The run goes on: 5 of 12 trials");
    await page.goto(broken.url);
    await untilDrawn(page);
    expect(await page.locator("#verdict").innerText()).toContain("No trial completed");
    expect(await page.locator("#trials").innerText()).toContain("the target ended");
    await keepScreenshot(page, "report-broken");
    expect(complaints).toEqual([]);
  });
});
