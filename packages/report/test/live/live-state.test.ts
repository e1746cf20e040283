import { parseScenario, planTrials } from "@churnlab/core";
import { expect, it } from "vitest";
import { LiveFeed } from "../../src/live/live-feed.ts";
import type { LiveMessage } from "../../src/live/live-message.ts";
import { LiveState } from "../../src/live/live-state.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";
import { simulateTrial } from "../fixtures/simulate-trial.ts";

const AGENT = {
  agent: "local",
  workers: 2,
  engine: "ring",
  attemptedPerS: 0,
  open: 3,
  failed: 0,
  dropped: 0,
  cpuShare: 0.2,
  latenessUs: 80,
};

/** Plays the first trials of a scenario into a feed, and returns what it told. */
function tell(trials: number): LiveMessage[] {
  const scenario = parseScenario(TW_REUSE, "scenario.yaml");
  const plan = planTrials(scenario);
  const feed = new LiveFeed();
  const messages: LiveMessage[] = [];
  feed.listen((message) => messages.push(message));
  feed.begin({ runId: "01ABC", scenario, plan, expectedMs: 60_000, startedAtUnixMs: Date.now() });
  for (const trial of plan.trials.slice(0, trials)) {
    const record = simulateTrial(trial, { startedAtUnixMs: 0 });
    feed.enterPhase(trial, "measure");
    for (const { role, metric, tMs, value } of record.samples) {
      feed.addSample({ tMs, values: { [`${role}.${metric}`]: value } });
    }
    feed.addAgents([{ ...AGENT, attemptedPerS: 100 * trial.id }]);
    for (const event of record.events) feed.addEvent(trial, event);
    feed.concludeTrial(trial, { state: "completed", record });
  }
  feed.end("completed");
  return messages;
}

it("a page that was told everything and one that got a snapshot in between end in the same state", () => {
  const messages = tell(3);
  const told = new LiveState("process", 600);
  for (const message of messages) told.apply(message);
  for (const at of [1, Math.floor(messages.length / 2), messages.length]) {
    const before = new LiveState("process", 600);
    for (const message of messages.slice(0, at)) before.apply(message);
    const late = new LiveState("database", 600);
    late.apply({ type: "snapshot", snapshot: JSON.parse(JSON.stringify(before.snapshot())) });
    for (const message of messages.slice(at)) late.apply(message);
    expect(late.snapshot()).toEqual(told.snapshot());
  }
});

it("a new trial has series of its own, and the results of those before stay", () => {
  const state = new LiveState("process", 600);
  for (const message of tell(2)) state.apply(message);
  expect(state.results).toHaveLength(2);
  expect(state.head).toMatchObject({ phase: "ended", endState: "completed" });
  expect(state.head.agents).toMatchObject([{ agent: "local", attemptedPerS: 200 }]);
  expect(state.toTrialSeries()?.series.get("client.time_wait")?.tMs).toHaveLength(41);
});

it("keeps the newest events only", () => {
  const state = new LiveState("process", 10);
  for (let tMs = 0; tMs < 1000; tMs++) {
    const event = {
      trialId: 0,
      variant: "a",
      role: "client",
      kind: "k",
      tMs,
      text: "",
      why: "",
      tone: "note",
    } as const;
    state.apply({ type: "event", event });
  }
  expect(state.events).toHaveLength(200);
  expect(state.events.at(-1)?.tMs).toBe(999);
});
