import { writeFileSync } from "node:fs";
import { buildReport } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import type { Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import { openDashboard } from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun, TemporaryDirectory } from "../../packages/report/test/fixtures/make-run.ts";
import { playRun } from "../../packages/report/test/fixtures/play-run.ts";
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

it("goes through the replicates of a report", async () => {
  await using opened = await openPage(browser, { offline: true });
  const { page, complaints } = opened;
  await openReport(page);
  const replicate = page.locator("#trial-choice select");
  const drawn = page.getByRole("slider", { name: /Port budget: baseline/ });
  await page.keyboard.press("[");
  expect(await replicate.inputValue()).toBe("1");
  await page.keyboard.press("]");
  await page.keyboard.press("]");
  await expect.poll(() => replicate.inputValue()).toBe("3");
  expect(await drawn.getAttribute("aria-label")).toContain("replicate 3");
  await page.keyboard.press("[");
  await expect.poll(() => replicate.inputValue()).toBe("2");
  expect(complaints).toEqual([]);
});

it("goes from run to run", async () => {
  await using served = await openDashboard();
  const first = makeRun(served.store, TWO_SECONDS);
  const second = makeRun(served.store, TWO_SECONDS, { startedAtUnixMs: Date.now() });
  await using opened = await openPage(browser);
  const { page, complaints } = opened;
  await page.goto(served.at(`/runs/${first}`));
  await untilDrawn(page);
  await page.keyboard.press("{");
  await page.keyboard.press("}");
  await page.waitForURL(`**/runs/${second}`);
  await untilDrawn(page);
  await expectAccessible(page, "nav");
  await page.keyboard.press("{");
  await page.waitForURL(`**/runs/${first}`);
  expect(complaints).toEqual([]);
});

it("holds the page of a run that goes on still, and catches up", async () => {
  await using served = await openDashboard();
  await using opened = await openPage(browser);
  const { page, complaints } = opened;
  await page.goto(served.at("/live"));
  await untilDrawn(page);
  const text = TW_REUSE.replace("replicates: 6", "replicates: 1");
  const events: Promise<unknown>[] = [];
  let moments = 0;
  const shown: string[] = [];
  const status = page.locator(".place [aria-live]");
  await playRun(served, text, {
    waitMs: 50,
    onMoment: () => {
      moments++;
      if (moments === 30) events.push(page.keyboard.press(" "));
      if (moments === 35) events.push(expectAccessible(page, ".place"));
      // In its second trial the page still shows the first.
      if (moments === 70) events.push(status.innerText().then((told) => shown.push(told)));
      if (moments === 72) events.push(page.keyboard.press(" "));
      if (moments === 80) events.push(status.innerText().then((told) => shown.push(told)));
    },
  });
  await Promise.all(events);
  expect(shown[0]).toContain("trial 1 of 2");
  expect(shown[1]).not.toContain("trial 1 of 2");
  await page.getByText("The run is completed. Open its report").waitFor();
  expect(complaints).toEqual([]);
});

it("names every key in its help", async () => {
  await using opened = await openPage(browser, { offline: true });
  const { page } = opened;
  await openReport(page);
  await page.keyboard.press("?");
  expect(await page.locator("#keys kbd").allInnerTexts()).toEqual([
    "j  k",
    "← →",
    "Esc",
    "[  ]",
    "{  }",
    "space",
    "/",
    "?",
  ]);
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
