import { describe, expect, it } from "vitest";
import { buildHistory } from "../../src/build-history.ts";
import { makeRun } from "../fixtures/make-run.ts";
import { TWO_SECONDS } from "../fixtures/scenarios.ts";
import { type OpenDashboard, openDashboard } from "./open-dashboard.ts";

const DAY_MS = 86_400_000;
const METRIC = "client.cpu.us_per_connection";

/** Twelve runs at 60 µs, twelve at 72. */
function makeRuns(opened: OpenDashboard): void {
  for (let day = 0; day < 24; day++) {
    makeRun(opened.store, TWO_SECONDS, {
      startedAtUnixMs: Date.UTC(2026, 9, 1) + day * DAY_MS,
      tags: { commit: `c${day}` },
      outcomeOf: (_, { record }) => {
        const us = (day < 12 ? 60 : 72) + (day % 3) * 0.1;
        const measurements = record.measurements.map((m) =>
          m.role === "client" && m.metric === "cpu.us_per_connection" ? { ...m, value: us } : m,
        );
        return { state: "completed", record: { ...record, measurements } };
      },
    });
  }
}

describe("the trend over runs", { timeout: 30_000 }, () => {
  it("shows the numbers of the history, newest first, and where the level changed", async () => {
    await using opened = await openDashboard();
    makeRuns(opened);
    const html = await (await fetch(opened.at(`/trend?metric=${METRIC}`))).text();
    const history = buildHistory(opened.store, {
      scenario: "two-seconds",
      variant: "baseline",
      role: "client",
      metric: "cpu.us_per_connection",
    });
    const rows = [...html.matchAll(/href="\/runs\/(\w+)".*?<data value="([\d.]+)"/g)];
    expect(rows.map(([, runId, value]) => [runId, Number(value)])).toEqual(
      history.runs.toReversed().map(({ runId, value }) => [runId, value]),
    );
    expect(html.match(/worse from here/g)).toHaveLength(1);
    expect(html).toContain(`worse from ${history.alerts[0]?.runId} on`);
    const given = await (await fetch(opened.at(`/api/trend?metric=${METRIC}`))).json();
    expect(given).toMatchObject({ trend: { history: JSON.parse(JSON.stringify(history)) } });
  });

  it("begins with the rate of the newest run's baseline, and says so where there is no run", async () => {
    await using opened = await openDashboard();
    expect(await (await fetch(opened.at("/trend"))).text()).toContain("No run has completed");
    expect(await (await fetch(opened.at("/api/trend"))).json()).toEqual({
      schemaVersion: 1,
      trend: null,
    });
    makeRun(opened.store, TWO_SECONDS);
    const html = await (await fetch(opened.at("/trend"))).text();
    expect(html).toMatch(/<option[^>]* value="client.connections.rate"[^>]*>/);
    expect(html).toContain("two-seconds, baseline: client.connections.rate");
  });

  it.each(["scenario=nope", "variant=nope", "metric=client.nope", "metric=%00"])(
    "refuses %s with 400, and suggests what to do",
    async (query) => {
      await using opened = await openDashboard();
      makeRun(opened.store, TWO_SECONDS);
      const response = await fetch(opened.at(`/api/trend?${query}`));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        hint: expect.stringContaining("Leave it out"),
      });
    },
  );
});
