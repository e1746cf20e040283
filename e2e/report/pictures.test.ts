import { writeFileSync } from "node:fs";
import { buildReport } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { openDashboard } from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun, TemporaryDirectory } from "../../packages/report/test/fixtures/make-run.ts";
import { playRun } from "../../packages/report/test/fixtures/play-run.ts";
import { MATRIX, TW_REUSE } from "../../packages/report/test/fixtures/scenarios.ts";
import { openPage, untilDrawn } from "./chromium.ts";
import { comparePicture } from "./compare-picture.ts";
import { countDrawnLines } from "./count-drawn-lines.ts";
import { useChromium } from "./use-chromium.ts";

const browser = useChromium();
const place = new TemporaryDirectory();
afterAll(() => place[Symbol.dispose]());

async function openReport(page: Page, name: string, scenario: string): Promise<void> {
  const file = place.file(`${name}.html`);
  using store = openStore(place.file(`${name}.db`), { mode: "write" });
  writeFileSync(
    file,
    await buildReport(store, makeRun(store, scenario, { latencyOverTime: true })),
  );
  await page.goto(`file://${file}`);
  await untilDrawn(page);
}

/** What has to look as it did, by its place in the report of two variants. */
const PLACES = {
  capacity: "#capacity figure",
  "port-budget": '[data-chart="ports-client"] figure:nth-of-type(1) .plot-area',
  rates: '[data-chart="rates"] figure:nth-of-type(1) .plot-area',
  connect: '[data-chart="connect"] figure:nth-of-type(1) .plot-area',
  latency: "#latency figure:nth-of-type(1) svg",
} as const;

describe("pictures of a report", () => {
  it.each(["light", "dark"] as const)("look as they were kept in %s", async (colorScheme) => {
    await using opened = await openPage(browser, { colorScheme, offline: true });
    const { page } = opened;
    await openReport(page, `pictures-${colorScheme}`, TW_REUSE);
    for (const [name, selector] of Object.entries(PLACES)) {
      const found = await comparePicture(page.locator(selector).first(), `${name}-${colorScheme}`);
      expect(found).toBeNull();
    }
  });

  it("of a sweep are as they were kept", async () => {
    await using opened = await openPage(browser, { offline: true });
    await openReport(opened.page, "pictures-matrix", MATRIX);
    const map = opened.page.locator("#sweep figure svg").first();
    expect(await comparePicture(map, "heat-map")).toBeNull();
  });

  it("on a narrow screen look as they were kept, and nothing stands out of the page", async () => {
    await using opened = await openPage(browser, {
      offline: true,
      viewport: { width: 420, height: 900 },
    });
    const { page } = opened;
    await openReport(page, "pictures-narrow", TW_REUSE);
    // Nothing may stand out of the page sideways: what is wide scrolls in its own frame.
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
    const budget = page.locator(PLACES["port-budget"]).first();
    expect(await comparePicture(budget, "port-budget-narrow")).toBeNull();
  });

  it("are told apart: a chart that lost its line does not pass", async () => {
    await using opened = await openPage(browser, { offline: true, colorScheme: "light" });
    const { page } = opened;
    await openReport(page, "pictures-lost", TW_REUSE);
    const figure = page.locator('[data-chart="ports-client"] figure').first();
    await figure.getByRole("button", { name: "TIME_WAIT" }).click();
    expect(
      await comparePicture(figure.locator(".plot-area"), "port-budget-light", { keeps: false }),
    ).toMatch(
      /looks other than .*port-budget-light\.png: \d+\.\d % of its cells; see .*-seen\.png/,
    );
  });
});

/** Takes one kind of line out of what a page draws: dashed ones are bounds, dotted ones markers; of those, the first. */
function loseLine(lost: "none" | "bound" | "marker"): void {
  let markers = 0;
  const drawing = CanvasRenderingContext2D.prototype;
  const stroke: unknown = Reflect.get(drawing, "stroke");
  drawing.stroke = function (this: CanvasRenderingContext2D): void {
    const [dash = 0, gap = 0] = this.getLineDash();
    // A chart draws its bounds, then its markers.
    const kind = gap === 0 ? null : dash > gap ? "bound" : "marker";
    if (kind !== null) markers = kind === "bound" ? 0 : markers + 1;
    if (kind === lost && (kind === "bound" || markers === 1)) return;
    if (typeof stroke === "function") Reflect.apply(stroke, this, []);
  };
}

describe("the lines of a chart", () => {
  it.each([
    ["none", { across: 1, down: 3 }],
    ["bound", { across: 0, down: 3 }],
    ["marker", { across: 1, down: 2 }],
  ] as const)("are all there, and one that is lost is missed: %s", async (lost, expected) => {
    await using opened = await openPage(browser, { offline: true, colorScheme: "light" });
    const { page } = opened;
    await page.addInitScript(loseLine, lost);
    await openReport(page, `lines-${lost}`, TW_REUSE);
    const plot = page.locator(`${PLACES["port-budget"]} .u-over`).first();
    await plot.scrollIntoViewIfNeeded();
    expect(await countDrawnLines(plot)).toEqual(expected);
  });
});

it("the charts of a run that was watched look as they were kept", async () => {
  await using served = await openDashboard();
  await using opened = await openPage(browser, { colorScheme: "dark" });
  const { page } = opened;
  await page.goto(served.at("/live"));
  await untilDrawn(page);
  await playRun(served, TW_REUSE.replace("replicates: 6", "replicates: 1"));
  await page.getByText("The run is completed. Open its report").waitFor();
  await page.waitForTimeout(600);
  const budget = page.locator(".live-chart").first().locator(".plot-area");
  expect(await comparePicture(budget, "live-dark")).toBeNull();
});
