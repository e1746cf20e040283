import type { PlanListener, Recorder } from "@churnlab/control";
import { nameMetric } from "@churnlab/core";
import { isCharted, type LiveFeed } from "@churnlab/report";

/** Passes on to a dashboard what a plan tells while it runs: every sample once, with the time at which it was taken. */
export function feedDashboard(feed: LiveFeed): PlanListener {
  let eventsTold = 0;
  let agentsTold: Recorder["agents"] = [];
  const samplesTold: SamplesTold = new Map();
  return {
    onPhase(trial, phase) {
      if (phase === "prepare") {
        eventsTold = 0;
        samplesTold.clear();
      }
      feed.enterPhase(trial, phase);
    },
    onSample(trial, recorder) {
      const fresh = takeFresh(recorder.series, samplesTold);
      for (const [atMs, samples] of Map.groupBy(fresh, (sample) => sample.atMs)) {
        feed.addSample({
          tMs: atMs - recorder.measureAtMs,
          values: Object.fromEntries(samples.map(({ name, value }) => [name, value])),
        });
      }
      if (recorder.agents !== agentsTold) feed.addAgents(recorder.agents);
      agentsTold = recorder.agents;
      const events = recorder.events();
      for (const event of events.slice(eventsTold)) feed.addEvent(trial, event);
      eventsTold = events.length;
    },
    onOutcome(trial, outcome) {
      feed.concludeTrial(trial, outcome);
    },
  };
}

/** How many samples of each series were told. Not until when: what another host saw comes later than what was seen here. */
type SamplesTold = Map<string, number>;

interface FreshSample {
  readonly name: string;
  readonly atMs: number;
  readonly value: number;
}

/** What was added since the last call, in the order in which it was taken. */
function takeFresh(series: Recorder["series"], told: SamplesTold): FreshSample[] {
  return series
    .list()
    .filter(({ metric }) => isCharted(metric))
    .flatMap(({ role, metric, count }) => {
      const name = nameMetric({ role, metric });
      const fresh = series.points(role, metric, told.get(name));
      told.set(name, count);
      return fresh.map((point) => ({ name, ...point }));
    })
    .toSorted((a, b) => a.atMs - b.atMs);
}
