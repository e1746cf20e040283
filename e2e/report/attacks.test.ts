import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { openDashboard } from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import { openPage } from "./chromium.ts";
import { useChromium } from "./use-chromium.ts";

const browser = useChromium();

/** A page of another origin; what its script finds out ends up in `document.title`. */
async function serveEvil(target: string): Promise<{ url: string } & AsyncDisposable> {
  const page = `<!doctype html><title>wait</title><iframe src="${target}/"></iframe><script type="module">
    const tries = {
      read: fetch("${target}/api/runs", { credentials: "include" }).then((r) => r.text()),
      stop: fetch("${target}/api/live/stop", { method: "POST", credentials: "include", mode: "no-cors" }).then((r) => "sent " + r.type),
      stream: new Promise((resolve, reject) => {
        const stream = new EventSource("${target}/api/stream", { withCredentials: true });
        stream.onmessage = stream.onopen = () => resolve("open");
        stream.onerror = () => reject(new Error("refused"));
      }),
      image: new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = "${target}/api/runs/last";
        script.onload = () => resolve("loaded");
        script.onerror = () => reject(new Error("refused"));
        document.head.append(script);
      }),
    };
    const found = {};
    for (const [name, attempt] of Object.entries(tries))
      found[name] = await attempt.catch(() => "refused");
    document.title = JSON.stringify(found);
  </script>`;
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

it("a page of another origin reads nothing, embeds nothing and stops nothing, even with the cookie", async () => {
  let stops = 0;
  await using opened = await openDashboard({
    stop: () => {
      stops++;
    },
  });
  makeRun(opened.store, TWO_SECONDS);
  await using evil = await serveEvil(new URL(opened.dashboard.address).origin);
  await using watched = await openPage(browser);
  const { page } = watched;
  // The reader trusts the dashboard, in the same browser.
  await page.goto(opened.dashboard.url);
  await page.goto(evil.url);
  await expect.poll(() => page.title()).toContain("{");
  expect(JSON.parse(await page.title())).toEqual({
    read: "refused",
    stop: "refused",
    stream: "refused",
    image: "refused",
  });
  const framed = await page.frames()[1]?.evaluate(() => document.body.textContent ?? "");
  expect(framed ?? "").not.toContain("two-seconds");
  expect(stops).toBe(0);
});
