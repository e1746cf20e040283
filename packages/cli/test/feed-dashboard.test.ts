import type { Recorder } from "@churnlab/control";
import { parseScenario, planTrials, type Trial } from "@churnlab/core";
import { LiveFeed } from "@churnlab/report";
import { expect, it } from "vitest";
import { SampleSeries } from "../../control/src/sample-series.ts";
import { LOSSES } from "../../report/src/charts/chart-losses.ts";
import { feedDashboard } from "../src/feed-dashboard.ts";

const SCENARIO = `
version: 1
name: fed
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 10/s } }
phases: { measure: 1s }
variants: [{ name: only }]
replicates: 1
`;

/** What a dashboard is told of every series, after each of the looks that a recorder takes. */
function tellOf(looks: readonly ((series: SampleSeries) => void)[]): Map<string, number[][]> {
  const feed = new LiveFeed();
  const told = new Map<string, number[][]>();
  feed.listen((message) => {
    if (message.type !== "samples") return;
    for (const { tMs, values } of message.samples) {
      for (const [key, value] of Object.entries(values)) {
        told.set(key, [...(told.get(key) ?? []), [tMs, value]]);
      }
    }
  });
  const series = new SampleSeries();
  const recorder: Pick<Recorder, "series" | "measureAtMs" | "agents" | "events"> = {
    series,
    measureAtMs: 100,
    agents: [],
    events: () => [],
  };
  const listener = feedDashboard(feed);
  const [trial] = planTrials(parseScenario(SCENARIO, "fed.yaml")).trials as [Trial];
  listener.onPhase(trial, "prepare");
  for (const look of looks) {
    look(series);
    listener.onSample(trial, recorder as Recorder, []);
  }
  feed.end("completed");
  return told;
}

it("tells a dashboard every loss that its chart draws, and nothing that no chart does", () => {
  const counters = Object.fromEntries(LOSSES.map(([counter]) => [counter, 5]));
  const told = tellOf([
    (series) => series.add("target", 100, { ...counters, "tcpext.TCPPureAcks": 1 }),
  ]);
  expect([...told.keys()]).toEqual(LOSSES.map(([counter]) => `target.${counter}`));
  expect(told.get("target.conntrack.dropped")).toEqual([[0, 5]]);
  expect(told.get("target.tcpext.TCPAbortOnTimeout")).toEqual([[0, 5]]);
});

it("tells of an errno from the look before its first failure on, and every sample once", () => {
  const told = tellOf([
    (series) => series.add("client", 300, { "connections.failed": 0 }),
    (series) => {
      series.add("client", 300, { "failures.EADDRNOTAVAIL": 0 });
      series.add("client", 500, { "failures.EADDRNOTAVAIL": 40, "connections.failed": 40 });
    },
    (series) =>
      series.add("client", 700, { "failures.EADDRNOTAVAIL": 90, "connections.failed": 90 }),
  ]);
  expect(told.get("client.failures.EADDRNOTAVAIL")).toEqual([
    [200, 0],
    [400, 40],
    [600, 90],
  ]);
  expect(told.get("client.connections.failed")).toEqual([
    [200, 0],
    [400, 40],
    [600, 90],
  ]);
});

it("tells what came late: another host's look of a moment that was told of this one already", () => {
  const told = tellOf([
    (series) => series.add("client", 301, { "connections.failed": 0 }),
    (series) => {
      series.add("target", 300, { time_wait: 5 });
      series.add("client", 501, { "connections.failed": 1 });
    },
    (series) => series.add("target", 500, { time_wait: 9 }),
  ]);
  expect(told.get("target.time_wait")).toEqual([
    [200, 5],
    [400, 9],
  ]);
  expect(told.get("client.connections.failed")).toEqual([
    [201, 0],
    [401, 1],
  ]);
});
