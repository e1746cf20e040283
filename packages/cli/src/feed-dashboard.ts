import type { PlanListener, Recorder } from "@churnlab/control";
import { nameMetric } from "@churnlab/core";
import { isCharted, type LiveFeed } from "@churnlab/report";

/** Passes on to a dashboard what a plan tells while it runs: every sample once, with the time at which it was taken. */
export function feedDashboard(feed: LiveFeed): PlanListener {
  let eventsTold = 0;
  let agentsTold: Recorder["agents"] = [];
  let toldUntilMs = Number.NEGATIVE_INFINITY;
  const told = new Set<string>();
  return {
    onPhase(trial, phase) {
      if (phase === "prepare") {
        eventsTold = 0;
        told.clear();
      }
      feed.enterPhase(trial, phase);
    },
    onSample(trial, recorder) {
      const fresh = listFresh(recorder.series, { toldUntilMs, told });
      for (const [atMs, values] of Map.groupBy(fresh, (one) => one.atMs)) {
        toldUntilMs = Math.max(toldUntilMs, atMs);
        feed.addSample({
          tMs: atMs - recorder.measureAtMs,
          values: Object.fromEntries(
            values.map(({ role, metric, value }) => [nameMetric({ role, metric }), value]),
          ),
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

type Fresh = ReturnType<Recorder["series"]["since"]>;

/**
 * What was added since the last look. A series that is seen for the first time is told whole: one of an errno begins with the
 * look before its first failure.
 */
function listFresh(
  series: Recorder["series"],
  { toldUntilMs, told }: { readonly toldUntilMs: number; readonly told: Set<string> },
): Fresh {
  const fresh = series.since(toldUntilMs).filter(({ metric }) => isCharted(metric));
  const begun = new Map(fresh.map((one) => [nameMetric(one), one]));
  for (const key of told) begun.delete(key);
  for (const key of begun.keys()) told.add(key);
  const earlier = [...begun.values()].flatMap(({ role, metric }) =>
    series
      .points(role, metric)
      .filter(({ atMs }) => atMs <= toldUntilMs)
      .map((point) => ({ role, metric, ...point })),
  );
  return [...earlier, ...fresh];
}
