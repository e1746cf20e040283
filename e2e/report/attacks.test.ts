import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openDashboard } from "../../packages/report/test/dashboard/open-dashboard.ts";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import { SMALL_SCENARIO, Workplace } from "../cli/churnlab.ts";
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

it("a thousand streams and readers that read nothing do not make a run late", async () => {
  using place = new Workplace();
  const scenario = place.write("small.yaml", SMALL_SCENARIO.replace("measure: 1s", "measure: 2s"));
  const run = place.start(["run", scenario, "--ui", "0"]);
  let said = "";
  run.child.stderr?.on("data", (text: string) => {
    said += text;
  });
  await run.shows("/live?token=");
  await run.shows("trial 1/2");
  const { hostname, port } = new URL(/http:\S+/.exec(said)?.[0] ?? "");
  const sockets = Array.from({ length: 1000 }, () => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    socket.pause();
    socket.write(`GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket;
  });
  // The socket beside the database, too, has readers that read nothing, and some that write what nobody asked for.
  const live = readdirSync(place.folder).find((name) => name.endsWith(".live1")) ?? "";
  for (let i = 0; i < 200; i++) {
    const socket = connect(path.join(place.folder, live)).pause();
    socket.on("error", () => {});
    if (i % 2 === 0) socket.write("x".repeat(100_000));
    sockets.push(socket);
  }
  await sleep(500);
  const metrics = await (await fetch(`http://${hostname}:${port}/metrics`)).text();
  expect(metrics).toMatch(/^churnlab_dashboard_streams 64$/m);
  const { code } = await run.ended;
  for (const socket of sockets) socket.destroy();
  expect(code).toBe(0);
  using db = new DatabaseSync(path.join(place.folder, "churnlab.db"), { readOnly: true });
  const rows = db
    .prepare(
      `SELECT variant, max(value) FILTER (WHERE metric = 'latency.schedule.p90') AS late_us,
         sum(value) FILTER (WHERE metric = 'connections.dropped') AS dropped,
         sum(value) FILTER (WHERE metric = 'connections.succeeded') AS succeeded
       FROM v_measurement WHERE role = 'client' GROUP BY variant ORDER BY variant`,
    )
    .all() as { variant: string; late_us: number; dropped: number; succeeded: number }[];
  expect(rows).toMatchObject([
    { variant: "fin", dropped: 0, succeeded: 100 },
    { variant: "rst", dropped: 0, succeeded: 600 },
  ]);
  // The bound from which on churnlab itself calls a generator late.
  for (const { late_us } of rows) expect(late_us).toBeLessThan(5000);
});
