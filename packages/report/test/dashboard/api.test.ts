import { ChurnError } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import { describe, expect, it } from "vitest";
import { fileSource } from "../../src/dashboard/run-source.ts";
import { startDashboard } from "../../src/dashboard/start-dashboard.ts";
import { formatRunJson } from "../../src/formats/format-json.ts";
import { judgeRun } from "../../src/judge-run.ts";
import { makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { playRun } from "../fixtures/play-run.ts";
import { TW_REUSE, TWO_SECONDS } from "../fixtures/scenarios.ts";
import { type OpenDashboard, openDashboard } from "./open-dashboard.ts";

async function get(opened: OpenDashboard, path: string): Promise<unknown> {
  return await (await fetch(opened.at(path))).json();
}

describe("the JSON API", { timeout: 30_000 }, () => {
  it("gives what the store and the other formats give", async () => {
    await using opened = await openDashboard();
    const { store } = opened;
    const runId = makeRun(store, TW_REUSE);
    expect(await get(opened, "/api/runs")).toEqual({
      schemaVersion: 1,
      runs: JSON.parse(JSON.stringify(store.listRuns())),
    });
    const run = store.loadRun(runId);
    expect(await get(opened, "/api/runs/last")).toEqual(
      JSON.parse(formatRunJson(run, judgeRun(run))),
    );
    const [trial] = run.trialList;
    const given = (await get(opened, `/api/runs/${runId}/series?trial=${trial?.trialId}`)) as {
      series: { metric: string; role: string; mean: number[] }[];
    };
    const stored = store.loadSamples(runId, { trialId: trial?.trialId ?? 0 });
    expect(given.series).toHaveLength(stored.length);
    for (const { role, metric, values } of stored) {
      expect(given.series.find((one) => one.role === role && one.metric === metric)?.mean).toEqual([
        ...values,
      ]);
    }
  });

  it("compares two runs, and says why it cannot", async () => {
    await using opened = await openDashboard();
    const first = makeRun(opened.store, TW_REUSE);
    const second = makeRun(opened.store, TW_REUSE, { startedAtUnixMs: Date.now() });
    makeRun(
      opened.store,
      TWO_SECONDS.replace("name: two-seconds", "name: other\nvariants: [{ name: lonely }]"),
      { startedAtUnixMs: Date.now() + 1000 },
    );
    const compared = (await get(opened, `/api/runs/${second}/comparison?against=${first}`)) as {
      comparisons: { metrics: { verdict: string }[] }[];
    };
    expect(compared.comparisons).toHaveLength(2);
    const response = await fetch(opened.at(`/api/runs/last/comparison?against=${first}`));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining("no variant of the same name"),
    });
  });

  it("bounds how many events of a kind it lists, and says how many there were", async () => {
    await using opened = await openDashboard();
    makeRun(opened.store, TWO_SECONDS, {
      outcomeOf: (_, { record }) => ({
        state: "completed",
        record: {
          ...record,
          events: Array.from({ length: 5000 }, (_unused, i) => ({
            role: "target" as const,
            tMs: i,
            kind: "rst",
            detail: {},
          })),
        },
      }),
    });
    const { events, counts } = (await get(opened, "/api/runs/last/events?perKind=3")) as {
      events: unknown[];
      counts: { count: number }[];
    };
    expect(events).toHaveLength(3);
    expect(counts).toMatchObject([{ count: 5000 }]);
  });

  it("lists its routes with their schemas", async () => {
    await using opened = await openDashboard();
    const { routes } = (await get(opened, "/api")) as { routes: { path: string; gives: object }[] };
    expect(routes.map(({ path }) => path)).toContain("/api/runs/:run/series");
    expect(routes.every(({ gives }) => typeof gives === "object")).toBe(true);
  });

  it("answers unknown runs with 404 and a hint, to programs as JSON and to people as a page", async () => {
    await using opened = await openDashboard();
    makeRun(opened.store, TWO_SECONDS);
    const json = await fetch(opened.at("/api/runs/NOPE"));
    expect(json.status).toBe(404);
    expect(await json.json()).toMatchObject({
      error: expect.stringContaining("NOPE"),
      hint: expect.any(String),
    });
    const page = await fetch(opened.at("/runs/NOPE"), { headers: { accept: "text/html" } });
    expect(page.status).toBe(404);
    expect(await page.text()).toContain("<h1>404: ");
  });
});

describe("the metrics", { timeout: 30_000 }, () => {
  it("are OpenMetrics of the runs and of the trial that goes on", async () => {
    await using opened = await openDashboard();
    makeRun(opened.store, TWO_SECONDS);
    let during = "";
    const texts: Promise<string>[] = [];
    await playRun(opened, TW_REUSE.replace("replicates: 6", "replicates: 1"), {
      onMoment: () => {
        if (texts.length === 0)
          texts.push(fetch(opened.at("/metrics")).then((response) => response.text()));
      },
      waitMs: 1,
    });
    during = (await texts[0]) ?? "";
    expect(during).toMatch(/^churnlab_runs\{state="running"\} 1$/m);
    expect(during.endsWith("# EOF\n")).toBe(true);
    for (const line of during.trimEnd().split("\n")) {
      expect(line).toMatch(
        /^(# (TYPE|HELP) \w+ .+|# EOF|\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? -?[\d.e+-]+)$/,
      );
    }
  });
});

describe("a dashboard over a file", { timeout: 30_000 }, () => {
  it("follows a run that another process writes, trial by trial", async () => {
    using place = new TemporaryDirectory();
    const file = place.file("runs.db");
    using store = openStore(file, { mode: "write" });
    makeRun(store, TW_REUSE, { runningAfter: 5 });
    await using dashboard = await startDashboard({
      source: fileSource(file),
      version: "0.1.0",
      port: 0,
    });
    const live = (await (await fetch(new URL("/api/live", dashboard.address))).json()) as {
      phase: string;
      origin: string;
      results: unknown[];
      trial: { phase: string };
      series: object;
    };
    expect(live).toMatchObject({ phase: "running", origin: "database", trial: { phase: "saved" } });
    expect(live.results).toHaveLength(5);
    expect(Object.keys(live.series)).toContain("client.time_wait");
  });

  it("says what is wrong with the file, the port or the address before it serves anything", async () => {
    using place = new TemporaryDirectory();
    const source = fileSource(place.file("none.db"));
    await expect(startDashboard({ source, version: "0.1.0", port: 0 })).rejects.toMatchObject({
      code: "E_DATABASE",
    });
    await using opened = await openDashboard();
    const port = Number(new URL(opened.dashboard.address).port);
    const taken = openDashboard({ port });
    await expect(taken).rejects.toBeInstanceOf(ChurnError);
    await expect(taken).rejects.toMatchObject({
      code: "E_LISTEN",
      hint: expect.stringContaining("--port 0"),
    });
    await expect(openDashboard({ listen: "192.0.2.1" })).rejects.toMatchObject({
      code: "E_LISTEN",
    });
  });
});
