import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { expect } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** Screenshots are kept to be looked at; git ignores the folder. */
const SCREENSHOTS = path.join(ROOT, ".cache/screenshots");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) =>
  existsSync(file),
);

/** Debian's Chromium without anything that would reach for a network. A sandbox needs another user than root. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    timeout: 90_000,
    executablePath: CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Brings the part of churnlab that runs in browsers up to date. */
export function buildBrowserPart(): void {
  execFileSync(process.execPath, [path.join(ROOT, "scripts/build-browser.mjs")], {
    stdio: "ignore",
  });
}

/** A page and everything it complained about. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens a page of its own context; console errors, exceptions and failed requests are complaints. */
export async function openPage(
  browser: Pick<Browser, "newContext">,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // A page that is left gives up its stream.
    if (reason !== "net::ERR_ABORTED") complaints.push(`${request.url()} failed: ${reason}`);
  });
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Waits until a report has put its own charts in the place of the static ones. */
export async function untilDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => document.documentElement.dataset["drawn"] === "yes");
}

export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Fails with every place that axe-core finds fault with, in the whole page or in a part of it. */
export async function expectAccessible(page: Page, part = "html"): Promise<void> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async (context) => {
    const { axe } = globalThis as unknown as {
      axe: { run(context: string, options: object): Promise<{ violations: AxeViolation[] }> };
    };
    return (await axe.run(context, { resultTypes: ["violations"] })).violations;
  }, part);
  const faults = violations.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 3)
      .map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ""}`),
  );
  expect(faults).toEqual([]);
}

/** How many charts have ink on them: more than an axis, at least. */
export async function countInkedCanvases(
  page: Page,
): Promise<{ readonly inked: number; readonly all: number }> {
  return await page.evaluate(() => {
    const canvases = [...document.querySelectorAll("canvas")];
    const inked = canvases.filter((canvas) => {
      const { width, height } = canvas;
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
      let count = 0;
      for (let i = 3; i < pixels.length; i += 4) if ((pixels[i] ?? 0) > 0) count++;
      return count > 500;
    });
    return { inked: inked.length, all: canvases.length };
  });
}
