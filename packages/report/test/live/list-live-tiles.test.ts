import { parseScenario, planTrials, type Trial } from "@churnlab/core";
import { expect, it } from "vitest";
import { listLiveTiles } from "../../src/live/list-live-tiles.ts";
import { LiveFeed } from "../../src/live/live-feed.ts";
import { LiveState } from "../../src/live/live-state.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";

function tilesOf(values: Readonly<Record<string, number>>): ReturnType<typeof listLiveTiles> {
  const state = new LiveState("process", 100);
  const feed = new LiveFeed();
  feed.listen((message) => state.apply(message));
  const [trial] = planTrials(parseScenario(TW_REUSE, "scenario.yaml")).trials as [Trial];
  feed.enterPhase(trial, "measure");
  feed.addSample({ tMs: 0, values });
  feed.end("completed");
  return listLiveTiles(state);
}

it("has a tile of the errno that failed most, and says how many others there are", () => {
  const tiles = tilesOf({ "client.failures.ECONNRESET": 2, "client.failures.EADDRNOTAVAIL": 40 });
  expect(tiles.find(({ label }) => label === "EADDRNOTAVAIL")).toMatchObject({
    value: "40",
    note: "other errnos: 1",
    tone: "bad",
  });
});

it("has no tile of an errno where nothing failed", () => {
  const labels = tilesOf({ "client.failures.EADDRNOTAVAIL": 0 }).map(({ label }) => label);
  expect(labels).not.toContain("EADDRNOTAVAIL");
});

it("has no number of what is not seen: resets of a foreign target, free ports, failures before the first look", () => {
  const tileOf = (values: Readonly<Record<string, number>>, label: string) =>
    tilesOf(values).find((tile) => tile.label === label);
  expect(tileOf({}, "RST sent")).toMatchObject({ value: "–", note: "not seen yet" });
  expect(tileOf({ "client.tcp.OutRsts": 3 }, "RST sent")).toMatchObject({
    value: "3",
    note: "client",
  });
  expect(tileOf({ "client.tcp.OutRsts": 3, "target.tcp.OutRsts": 4 }, "RST sent")).toMatchObject({
    value: "7",
    note: "client and target",
  });
  expect(tileOf({}, "failed")).toMatchObject({ value: "–" });
  expect(tileOf({}, "free ports")).toMatchObject({ value: "–" });
});
