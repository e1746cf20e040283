import type { PlanListener, Recorder } from "@churnlab/control";
import type { LiveFeed } from "@churnlab/report";

/** What a dashboard draws, of every role; the database keeps the rest. */
const METRICS: ReadonlySet<string> = new Set([
  "time_wait",
  "tcp.inuse",
  "ports.used",
  "ports.range",
  "accept_queue",
  "accept_queue.limit",
  "syn_recv",
  "tcp.ActiveOpens",
  "tcp.PassiveOpens",
  "tcp.OutRsts",
  "tcp.EstabResets",
  "tcp.AttemptFails",
  "tcp.RetransSegs",
  "tcpext.ListenOverflows",
  "tcpext.ListenDrops",
  "tcpext.TCPReqQFullDrop",
  "tcpext.TCPTimeWaitOverflow",
  "connections.attempted",
  "connections.established",
  "connections.succeeded",
  "connections.failed",
  "connections.dropped",
  "requests.succeeded",
  "latency.schedule.p50",
  "latency.schedule.p99",
  "latency.schedule.p999",
  "latency.schedule.max",
  "latency.connect.p50",
  "latency.connect.p99",
  "latency.connect.p999",
  "latency.connect.max",
  "latency.request.p50",
  "latency.request.p99",
  "latency.request.p999",
  "latency.request.max",
]);

/** Passes on to a dashboard what a plan tells while it runs: every sample once, with the time at which it was taken. */
export function feedDashboard(feed: LiveFeed): PlanListener {
  let eventsTold = 0;
  let agentsTold: Recorder["agents"] = [];
  let toldUntilMs = Number.NEGATIVE_INFINITY;
  return {
    onPhase(trial, phase) {
      if (phase === "prepare") eventsTold = 0;
      feed.enterPhase(trial, phase);
    },
    onSample(trial, recorder) {
      const fresh = recorder.series.since(toldUntilMs).filter(({ metric }) => METRICS.has(metric));
      for (const [atMs, values] of Map.groupBy(fresh, (one) => one.atMs)) {
        toldUntilMs = Math.max(toldUntilMs, atMs);
        feed.addSample({
          tMs: atMs - recorder.measureAtMs,
          values: Object.fromEntries(
            values.map(({ role, metric, value }) => [`${role}.${metric}`, value]),
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
