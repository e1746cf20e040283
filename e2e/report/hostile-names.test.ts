import { writeFileSync } from "node:fs";
import type { Scenario, TrialOutcome } from "@churnlab/core";
import { buildReport } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import type { Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import { openDashboard } from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun, TemporaryDirectory } from "../../packages/report/test/fixtures/make-run.ts";
import { playRun } from "../../packages/report/test/fixtures/play-run.ts";
import { TW_REUSE } from "../../packages/report/test/fixtures/scenarios.ts";
import { openPage, untilDrawn } from "./chromium.ts";
import { useChromium } from "./use-chromium.ts";

/** Breaks out of text, of attributes, of scripts, of styles and of data, if anything lets it. */
const HOSTILE =
  "</script></style></title><script>globalThis.owned=1</script><img src=x onerror=globalThis.owned=1>\"'`${1}<svg onload=globalThis.owned=1>";

const browser = useChromium();
const place = new TemporaryDirectory();
afterAll(() => place[Symbol.dispose]());

/** Every text that a person or a kernel may have given. */
function poison(scenario: Scenario): Scenario {
  return {
    ...scenario,
    name: HOSTILE,
    description: HOSTILE,
    source: HOSTILE,
    variants: scenario.variants.map((variant, i) => ({ ...variant, name: `${i}${HOSTILE}` })),
    gates: scenario.gates.map((gate) => ({
      ...gate,
      variant: null,
      metric: `client.failures.${HOSTILE}`,
    })),
  };
}

function poisonOutcome({ record }: TrialOutcome, state: "completed" | "invalid"): TrialOutcome {
  const poisoned = {
    ...record,
    engine: HOSTILE,
    engineReason: HOSTILE,
    warnings: [{ code: HOSTILE as never, message: HOSTILE }],
    environment: { facts: { "kernel.release": HOSTILE, [HOSTILE]: HOSTILE, "cpu.count": "2" } },
    sysctls: [
      {
        role: "client" as const,
        name: HOSTILE,
        was: HOSTILE,
        requested: HOSTILE,
        effective: HOSTILE,
      },
    ],
    events: [
      { role: "client" as const, tMs: 10, kind: HOSTILE, detail: { [HOSTILE]: HOSTILE } },
      {
        role: "client" as const,
        tMs: 20,
        kind: "ports.exhausted",
        detail: { errno: HOSTILE, step: HOSTILE, count: 1 },
      },
      {
        role: "client" as const,
        tMs: 20,
        kind: "connect-by-port-use",
        detail: { rows: [[1, 5, HOSTILE], HOSTILE, [50, 9, 300]] },
      },
    ],
    failures: record.failures.map((failure) => ({
      ...failure,
      errno: HOSTILE as never,
      step: HOSTILE as never,
    })),
    samples: [
      ...record.samples,
      { role: "client" as const, metric: `failures.${HOSTILE}`, tMs: 0, value: 0 },
      { role: "client" as const, metric: `failures.${HOSTILE}`, tMs: 1000, value: 9 },
    ],
    measurements: [
      ...record.measurements,
      { role: "client" as const, metric: `rst.reason.${HOSTILE}`, value: 3 },
    ],
  };
  return state === "completed"
    ? { state, record: poisoned }
    : { state, record: poisoned, reason: HOSTILE };
}

async function isOwned(page: Page): Promise<boolean> {
  return await page.evaluate(() => "owned" in globalThis || document.images.length > 0);
}

it("the dashboard shows hostile texts as texts on every page", async () => {
  await using opened = await openDashboard();
  const options = {
    edit: poison,
    outcomeOf: (_: unknown, outcome: TrialOutcome) => poisonOutcome(outcome, "completed"),
    tags: { [HOSTILE]: HOSTILE },
  };
  const first = makeRun(opened.store, TW_REUSE, options);
  const second = makeRun(opened.store, TW_REUSE, { ...options, startedAtUnixMs: Date.now() });
  await using watched = await openPage(browser);
  const { page, complaints } = watched;
  for (const path of ["/", "/trend", `/runs/${first}`, `/compare?a=${first}&b=${second}`]) {
    await page.goto(opened.at(path));
    expect(await page.getByText("</script></style>").count()).toBeGreaterThan(0);
    expect(await isOwned(page)).toBe(false);
  }
  await page.goto(opened.at("/live"));
  await untilDrawn(page);
  await playRun(opened, TW_REUSE.replace("replicates: 6", "replicates: 1"), { edit: poison });
  await page.getByText("The run is completed. Open its report").waitFor();
  expect(await page.locator("h1").innerText()).toBe(HOSTILE);
  expect(await isOwned(page)).toBe(false);
  await page.reload();
  await untilDrawn(page);
  expect(await isOwned(page)).toBe(false);
  expect(complaints).toEqual([]);
});

it("a report shows hostile texts as texts: nothing of them runs, with or without its own policy", async () => {
  using store = openStore(place.file("hostile.db"), { mode: "write" });
  const runId = makeRun(store, TW_REUSE, {
    edit: poison,
    outcomeOf: (trial, outcome) =>
      poisonOutcome(outcome, trial.replicate === 2 ? "invalid" : "completed"),
    tags: { [HOSTILE]: HOSTILE },
  });
  const html = await buildReport(store, runId);
  const policy = /<meta http-equiv="Content-Security-Policy"[^>]*>/;
  expect(html).toMatch(policy);
  const versions = { strict: html, unprotected: html.replace(policy, "") };
  for (const [name, text] of Object.entries(versions)) {
    const file = place.file(`${name}.html`);
    writeFileSync(file, text);
    await using opened = await openPage(browser, { offline: true });
    const { page, complaints } = opened;
    await page.goto(`file://${file}`);
    await untilDrawn(page);
    const seen = await page.evaluate(() => ({
      owned: "owned" in globalThis,
      scripts: document.scripts.length,
      images: document.images.length,
      title: document.title,
      heading: document.querySelector("h1")?.textContent,
    }));
    expect(seen).toMatchObject({ owned: false, scripts: 2, images: 0, heading: HOSTILE });
    expect(seen.title).toContain(HOSTILE);
    expect(complaints).toEqual([]);
  }
});
