import type { Sample, TrialEvent } from "@churnlab/core";
import { expect, test } from "vitest";
import { openStore, type Store } from "../src/index.ts";
import { completed, start, TemporaryDirectory, trialOf } from "./made-run.ts";

function storeOf(
  directory: TemporaryDirectory,
  seen: { readonly samples?: Sample[]; readonly events?: TrialEvent[] },
): { store: Store; runId: string } {
  const store = openStore(directory.file("bins.db"), { mode: "write" });
  const runId = store.startRun(start);
  store.saveAttempt(runId, {
    trial: trialOf(0),
    outcome: completed({ samples: [], events: [], ...seen }),
    attempt: 1,
  });
  return { store, runId };
}

const ramp: Sample[] = Array.from({ length: 1000 }, (_, i) => ({
  role: "client",
  metric: "time_wait",
  tMs: i * 10,
  value: i,
}));

test("a short series keeps every sample as its own point", () => {
  using directory = new TemporaryDirectory();
  const { store, runId } = storeOf(directory, { samples: ramp.slice(0, 5) });
  using _store = store;
  const [series] = store.binSamples(runId, { binsMax: 5 });
  expect(series).toMatchObject({ role: "client", metric: "time_wait", samples: 5, binMs: null });
  expect([...(series?.tMs ?? [])]).toEqual([0, 10, 20, 30, 40]);
  expect(series?.min).toEqual(series?.mean);
  expect(series?.max).toEqual(series?.mean);
});

test("a long series is reduced to bins that keep every extreme and leave holes empty", () => {
  using directory = new TemporaryDirectory();
  const holed = ramp.filter(({ tMs }) => tMs < 4000 || tMs >= 6000);
  const { store, runId } = storeOf(directory, { samples: holed });
  using _store = store;
  const [series] = store.binSamples(runId, { binsMax: 100 });
  if (series?.binMs == null) throw new Error("expected bins");
  expect(series.samples).toBe(800);
  expect(series.tMs.length).toBeLessThanOrEqual(100);
  expect(series.tMs.length).toBeGreaterThan(75);
  expect(Math.min(...series.min)).toBe(0);
  expect(Math.max(...series.max)).toBe(999);
  series.mean.forEach((mean, i) =>
    expect(mean).toBe(((series.min[i] ?? 0) + (series.max[i] ?? 0)) / 2),
  );
  expect(series.tMs.filter((tMs) => tMs > 4000 && tMs < 5990)).toHaveLength(0);
});

test("only the series that are asked for are read", () => {
  using directory = new TemporaryDirectory();
  const other: Sample = { role: "target", metric: "tcp.inuse", tMs: 0, value: 1 };
  const { store, runId } = storeOf(directory, { samples: [...ramp, other] });
  using _store = store;
  const names = (filter: object): string[] =>
    store
      .binSamples(runId, { binsMax: 10, ...filter })
      .map(({ role, metric }) => `${role}.${metric}`);
  expect(names({})).toEqual(["client.time_wait", "target.tcp.inuse"]);
  expect(names({ role: "target" })).toEqual(["target.tcp.inuse"]);
  expect(names({ metrics: ["time_wait"] })).toEqual(["client.time_wait"]);
  expect(names({ trialId: 1 })).toEqual([]);
});

test("events are counted by kind, and the first of each kind can be had alone", () => {
  using directory = new TemporaryDirectory();
  const events: TrialEvent[] = Array.from({ length: 300 }, (_, i) => ({
    role: i % 3 === 0 ? "target" : "client",
    tMs: i,
    kind: "rst.sent",
    detail: { i },
  }));
  const { store, runId } = storeOf(directory, { events });
  using _store = store;
  expect(store.countEvents(runId)).toEqual([
    {
      trialId: 0,
      variant: "baseline",
      role: "target",
      kind: "rst.sent",
      count: 100,
      firstMs: 0,
      lastMs: 297,
    },
    {
      trialId: 0,
      variant: "baseline",
      role: "client",
      kind: "rst.sent",
      count: 200,
      firstMs: 1,
      lastMs: 299,
    },
  ]);
  expect(store.loadEvents(runId, { perKindMax: 2 }).map(({ detail }) => detail["i"])).toEqual([
    0, 1, 2, 3,
  ]);
  expect(store.loadEvents(runId)).toHaveLength(300);
  expect(store.loadEvents(runId, { trialId: 1 })).toHaveLength(0);
});
