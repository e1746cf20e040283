import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { SMALL_SCENARIO, type Started, Workplace } from "../cli/churnlab.ts";
import { expectRan } from "../machine-doubts.ts";
import { countInkedCanvases, keepScreenshot, openPage, untilDrawn } from "./chromium.ts";
import { cellOf, findTable, readTables } from "./read-tables.ts";
import { useChromium } from "./use-chromium.ts";

const browser = useChromium();

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
    // Browsers take the processor from the load.
    const { code, stderr } = await run.ended;
    expectRan({ code, said: stderr }, path.join(place.folder, "churnlab.db"));
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
  const serve = place.start(["serve", "--port", "0"]);
  let said = "";
  serve.child.stdout?.on("data", (more: string) => {
    said += more;
  });
  await serve.shows("Ctrl-C ends it.");
  await expect.poll(() => said).toMatch(/http:\S+/);
  const { origin } = new URL(/http:\S+/.exec(said)?.[0] ?? "");
  return { run, serve, address: (of) => `${origin}${of}` };
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
      SMALL_SCENARIO.replace("measure: 1s", "measure: 9s"),
    );
    const only = ["--only", "fin"];
    const run = place.start(["run", scenario, ...only, "--ui", "0", "--report", "out.html"]);
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
      .poll(async () => (await countInkedCanvases(page)).inked, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(4);
    expect(await page.getByRole("button", { name: "Stop the run" }).isVisible()).toBe(true);
    const agents = page.getByRole("region", { name: "Agents in the last second" });
    await expect.poll(() => agents.locator("tbody tr").count(), { timeout: 10_000 }).toBe(1);
    const { code, stderr } = await run.ended;
    expectRan({ code, said: stderr }, path.join(place.folder, "churnlab.db"));
    await page.getByText("The run is completed. Open its report").waitFor();
    await page.getByText("The server has gone with its run").waitFor();
    await page.goto(`file://${path.join(place.folder, "out.html")}`);
    await untilDrawn(page);
    expect(await page.locator("h1").innerText()).toBe("small");
  });
});

function query<Row>(file: string, sql: string): Row[] {
  using db = new DatabaseSync(file, { readOnly: true });
  return db.prepare(sql).all() as Row[];
}
