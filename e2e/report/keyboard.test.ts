import { writeFileSync } from "node:fs";
import { buildReport } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import type { Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import { openDashboard } from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun, TemporaryDirectory } from "../../packages/report/test/fixtures/make-run.ts";
import { TW_REUSE, TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import { expectAccessible, openPage, untilDrawn } from "./chromium.ts";
import { useChromium } from "./use-chromium.ts";

const browser = useChromium();
const place = new TemporaryDirectory();
afterAll(() => place[Symbol.dispose]());

async function openReport(page: Page): Promise<void> {
  const file = place.file("keys.html");
  using store = openStore(place.file("keys.db"), { mode: "write" });
  writeFileSync(file, await buildReport(store, makeRun(store, TW_REUSE)));
  await page.goto(`file://${file}`);
  await untilDrawn(page);
}

/** What has the focus, in the words that are read out for it. */
async function readFocus(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const focused = document.activeElement;
    return focused?.getAttribute("aria-label") ?? focused?.textContent ?? "";
  });
}

it("goes through the charts of a report, and reads out what they say at each moment", async () => {
  await using opened = await openPage(browser, { offline: true, colorScheme: "dark" });
  const { page, complaints } = opened;
  await openReport(page);
  await page.keyboard.press("j");
  expect(await readFocus(page)).toContain("Port budget: baseline, replicate 1");
  await page.keyboard.press("j");
  expect(await readFocus(page)).toContain("Port budget: tw_reuse=1, replicate 1");
  await page.keyboard.press("k");
  const chart = page.locator(":focus");
  const valueText = async (): Promise<string> =>
    ((await chart.getAttribute("aria-valuetext")) ?? "").replaceAll("\u00a0", " ");
  expect(await valueText()).toBe("no moment chosen");
  await page.keyboard.press("ArrowRight");
  await expect.poll(valueText).toContain("at 0 s: TIME_WAIT 1");
  await page.keyboard.press("End");
  await expect.poll(valueText).toContain("at 8 s: TIME_WAIT 2 048");
  expect(Number(await chart.getAttribute("aria-valuenow"))).toBe(
    Number(await chart.getAttribute("aria-valuemax")),
  );
  await page.keyboard.press("ArrowLeft");
  await expect.poll(valueText).toContain("at 7.8 s: TIME_WAIT 2 048");
  await page.keyboard.press("Escape");
  await expect.poll(valueText).toBe("no moment chosen");
  await expectAccessible(page, "#over-time");
  expect(complaints).toEqual([]);
});

it("shows its keys and hides them, and gives the focus back", async () => {
  await using opened = await openPage(browser, { offline: true });
  const { page } = opened;
  await openReport(page);
  await page.keyboard.press("j");
  const before = await readFocus(page);
  await page.keyboard.press("?");
  expect(await page.getByRole("dialog", { name: "Keys" }).isVisible()).toBe(true);
  await expectAccessible(page, "#keys");
  await page.keyboard.press("Escape");
  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(await readFocus(page)).toBe(before);
});

it("filters the rows of tables, and lets keys be letters where one writes", async () => {
  await using opened = await openPage(browser, { offline: true });
  const { page } = opened;
  await openReport(page);
  const rows = page.locator("#trials tbody tr:visible");
  const all = await rows.count();
  await page.keyboard.press("/");
  await page.keyboard.type("tw_reuse completed");
  await expect.poll(() => rows.count()).toBe(all / 2);
  await page.keyboard.type(" jk?");
  await expect.poll(() => rows.count()).toBe(0);
  await page.keyboard.press("Escape");
  await expect.poll(() => rows.count()).toBe(all);
});

it("goes through the runs of a list, and opens one", async () => {
  await using served = await openDashboard();
  const first = makeRun(served.store, TWO_SECONDS);
  const second = makeRun(served.store, TWO_SECONDS, { startedAtUnixMs: Date.now() });
  await using opened = await openPage(browser);
  const { page, complaints } = opened;
  await page.goto(served.at("/"));
  await page.getByRole("button", { name: "Keys" }).waitFor();
  await page.keyboard.press("j");
  expect(await readFocus(page)).toBe(second);
  await page.keyboard.press("j");
  expect(await readFocus(page)).toBe(first);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/runs/${first}`);
  expect(complaints).toEqual([]);
});

it("moves nothing by itself where the reader wants little motion", async () => {
  await using opened = await openPage(browser, { offline: true, reducedMotion: "reduce" });
  const { page } = opened;
  await openReport(page);
  const motion = await page.evaluate(() => ({
    scroll: getComputedStyle(document.documentElement).scrollBehavior,
    animations: document.getAnimations().length,
  }));
  expect(motion).toEqual({ scroll: "auto", animations: 0 });
});
