import { rmSync } from "node:fs";
import { request } from "node:http";
import { openStore } from "@churnlab/store";
import { describe, expect, it } from "vitest";
import { fileSource } from "../../src/dashboard/run-source.ts";
import { startDashboard } from "../../src/dashboard/start-dashboard.ts";
import { makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TWO_SECONDS } from "../fixtures/scenarios.ts";
import { type OpenDashboard, openDashboard } from "./open-dashboard.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with a path exactly as it is given: fetch would tidy it. */
async function ask(
  { dashboard }: OpenDashboard,
  path: string,
  {
    method = "GET",
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const { port, hostname } = new URL(dashboard.address);
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: hostname === "0.0.0.0" ? "127.0.0.1" : hostname, port, path, method, headers },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    sent.once("error", reject);
    sent.end();
  });
}

/** They begin a host that is none: no address can be made of them. */
const UNREADABLE_PATHS = ["//", "//:1", "/\\", "/\\:1", "//[", "///"];

describe("a dashboard on loopback", { timeout: 30_000 }, () => {
  it("answers to names of loopback only: a foreign name that points here gets nothing", async () => {
    await using opened = await openDashboard();
    const ours = ["localhost", "127.0.0.1:7700", "[::1]:7700", "LOCALHOST:1"];
    const foreign = ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:7700"];
    const statusOf = async (host: string): Promise<number> =>
      (await ask(opened, "/api/runs", { headers: { host } })).status;
    expect(await Promise.all(ours.map(statusOf))).toEqual(ours.map(() => 200));
    expect(await Promise.all(foreign.map(statusOf))).toEqual(foreign.map(() => 421));
  });

  it("answers to the address that it listens on, where that is another of loopback", async () => {
    await using opened = await openDashboard({ listen: "127.0.0.2" });
    expect((await fetch(opened.at("/api/runs"))).status).toBe(200);
    const headers = { host: "127.0.0.3" };
    expect((await ask(opened, "/api/runs", { headers })).status).toBe(421);
    await using usual = await openDashboard();
    const other = { host: "127.0.0.2" };
    expect((await ask(usual, "/api/runs", { headers: other })).status).toBe(421);
  });

  it.each(["/", "/live", "/api/runs", "/metrics", "/assets/page.css", "/nothing"])(
    "sends %s with a strict policy and no permission for other origins",
    async (path) => {
      await using opened = await openDashboard();
      const { headers } = await ask(opened, path, { headers: { origin: "https://evil.example" } });
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    },
  );

  it.each(["/", "/live", "/trend", "/runs/last", "/compare?a=last&b=last"])(
    "serves %s without inline script or style: data elements only",
    async (path) => {
      await using opened = await openDashboard();
      makeRun(opened.store, TWO_SECONDS);
      const { status, body } = await ask(opened, path);
      expect(status).toBe(200);
      expect(body.match(/<script(?![^>]*(?:src="\/assets\/|type="application\/))/g)).toBeNull();
      expect(body.match(/\son[a-z]+=|style="|<style/g)).toBeNull();
    },
  );

  it.each([
    "/assets/../../../../../../etc/passwd",
    "/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/assets/%2e%2e/%2e%2e/package.json",
    "/assets/page.css%00.js",
    "/assets/..\\..\\package.json",
    "//etc/passwd",
    ...UNREADABLE_PATHS,
    "/runs/..%2f..%2fetc%2fpasswd",
    "/runs/%2e%2e",
    "/api/runs/other.db%23last",
    "/api/runs/%2fetc%2fpasswd/series",
    "/runs/'%20OR%201=1--",
    `/runs/${"9".repeat(500)}`,
    "/compare?a=../../x.db%23last&b=last",
    "/trend?scenario=../../etc/passwd",
    "/trend?metric=client.x'%20OR%201=1--",
    "/api/runs/last/series?trial=1%20OR%201",
    "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
  ])("lets no path reach the file system: %s", async (path) => {
    await using opened = await openDashboard();
    makeRun(opened.store, TWO_SECONDS);
    const { status, body } = await ask(opened, path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toContain("root:");
  });

  it("stops a run only for a page of its own that was opened with the token, or a program that has it", async () => {
    let stops = 0;
    await using opened = await openDashboard({
      stop: () => {
        stops++;
      },
    });
    const { token, dashboard } = opened;
    const host = new URL(dashboard.address).host;
    const stop = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await ask(opened, "/api/live/stop", { method: "POST", headers: { host, ...headers } }))
        .status;
    const cookie = `churnlab_token=${token}`;
    const origin = `http://${host}`;
    expect(await stop({})).toBe(403);
    expect(await stop({ origin })).toBe(403);
    expect(await stop({ cookie })).toBe(403);
    expect(await stop({ cookie, origin: "https://evil.example" })).toBe(403);
    expect(await stop({ cookie, origin: "null" })).toBe(403);
    expect(await stop({ cookie, origin, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await stop({ cookie: `${cookie}x`, origin })).toBe(403);
    expect(await stop({ authorization: `Bearer ${token.slice(1)}` })).toBe(403);
    expect(stops).toBe(0);
    expect(await stop({ cookie, origin, "sec-fetch-site": "same-origin" })).toBe(202);
    expect(await stop({ authorization: `Bearer ${token}` })).toBe(202);
    expect(stops).toBe(2);
    expect((await ask(opened, "/api/live/stop")).status).toBe(404);
  });

  it("has no run to stop where it only reads a database", async () => {
    await using opened = await openDashboard();
    const headers = { authorization: `Bearer ${opened.token}` };
    expect((await ask(opened, "/api/live/stop", { method: "POST", headers })).status).toBe(409);
  });
});

describe("a dashboard on any other address", { timeout: 30_000 }, () => {
  it("answers only to who knows the token, but for its health", async () => {
    await using opened = await openDashboard({ listen: "0.0.0.0" });
    const closed = ["/", "/live", "/api/runs", "/api/stream", "/metrics", "/assets/report.js"];
    const statuses = await Promise.all(
      [...closed, "/?token=wrong"].map(async (path) => (await ask(opened, path)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect((await ask(opened, "/healthz")).status).toBe(200);
    const headers = { authorization: `Bearer ${opened.token}` };
    expect((await ask(opened, "/api/runs", { headers })).status).toBe(200);
  });

  it.each(UNREADABLE_PATHS)("says of %s that it cannot be read, and no more", async (path) => {
    await using opened = await openDashboard({ listen: "0.0.0.0" });
    const { status, body } = await ask(opened, path);
    expect(status).toBe(400);
    expect(body).not.toContain("bug");
  });

  it("tells its health without the token, and neither a path nor an error", async () => {
    using place = new TemporaryDirectory();
    const file = place.file("runs.db");
    openStore(file, { mode: "write" }).close();
    await using served = await startDashboard({
      source: fileSource(file),
      version: "0.1.0",
      port: 0,
      listen: "0.0.0.0",
    });
    const token = new URL(served.url).searchParams.get("token") ?? "";
    const healthz = new URL("/healthz", served.address.replace("0.0.0.0", "127.0.0.1"));
    const headers = { authorization: `Bearer ${token}` };
    expect(await (await fetch(healthz)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(healthz, { headers })).json()).toMatchObject({ database: file });
    rmSync(file);
    const failing = await fetch(healthz);
    expect(failing.status).toBe(503);
    expect(await failing.json()).toEqual({ status: "failing" });
    expect(await (await fetch(healthz, { headers })).json()).toMatchObject({
      database: expect.stringContaining(file),
    });
  });

  it("turns the token of its address into a cookie that no script reads, and leads to no other place", async () => {
    await using opened = await openDashboard({ listen: "0.0.0.0" });
    const { token } = opened;
    const welcome = await ask(opened, `/live?token=${token}&x=1`);
    expect(welcome.status).toBe(303);
    expect(welcome.headers["location"]).toBe("/live?x=1");
    const [cookie = ""] = [welcome.headers["set-cookie"] ?? []].flat();
    expect(cookie).toBe(`churnlab_token=${token}; HttpOnly; SameSite=Strict; Path=/`);
    expect(
      (await ask(opened, "/live", { headers: { cookie: cookie.split(";")[0] ?? "" } })).status,
    ).toBe(200);
    const away = await ask(opened, `//evil.example/?token=${token}`);
    expect(String(away.headers["location"] ?? "/")).not.toMatch(/^\/\/|evil\.example:/);
  });
});
