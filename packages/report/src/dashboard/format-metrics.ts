import { nameMetric } from "@churnlab/core";
import type { RunSummary } from "@churnlab/store";
import type { LiveState } from "../live/live-state.ts";

/** One family of OpenMetrics with its samples. */
interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter" | "info";
  readonly help: string;
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

export interface MetricsInput {
  readonly version: string;
  readonly runs: readonly RunSummary[];
  readonly live: LiveState;
  readonly streams: number;
}

/** Gauges of the trial that goes on, by the metric they show. */
const GAUGES = [
  ["time_wait", "churnlab_live_time_wait_sockets", "TIME_WAIT sockets now."],
  ["tcp.inuse", "churnlab_live_open_sockets", "Full TCP sockets now."],
  ["ports.used", "churnlab_live_ports_used", "Local ports in use towards the busiest destination."],
  ["ports.range", "churnlab_live_ports_range", "Local ports to choose from."],
  ["accept_queue", "churnlab_live_accept_queue_connections", "Connections that wait for accept()."],
] as const;

const ROLES = ["client", "target", "upstream"] as const;
const OUTCOMES = ["attempted", "established", "succeeded", "failed", "dropped"] as const;

/** The state of the dashboard and of the run it watches as OpenMetrics 1.0 text. */
export function formatMetrics({ version, runs, live, streams }: MetricsInput): string {
  const { user, system } = process.cpuUsage();
  const families: Family[] = [
    { name: "churnlab", type: "info", help: "What serves this.", samples: [[{ version }, 1]] },
    {
      name: "churnlab_runs",
      type: "gauge",
      help: "Runs in the database by state.",
      samples: [...countBy(runs.map(({ state }) => state))].map(([state, count]) => [
        { state },
        count,
      ]),
    },
    {
      name: "churnlab_dashboard_streams",
      type: "gauge",
      help: "Open streams of live events.",
      samples: [[{}, streams]],
    },
    {
      name: "process_cpu_seconds",
      type: "counter",
      help: "CPU time of this process.",
      samples: [[{}, (user + system) / 1e6]],
    },
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Resident memory of this process.",
      samples: [[{}, process.memoryUsage.rss()]],
    },
    ...liveFamilies(live),
  ];
  return `${families
    .filter(({ samples }) => samples.length > 0)
    .map(formatFamily)
    .join("")}# EOF\n`;
}

function liveFamilies(live: LiveState): Family[] {
  const { plan, phase, trial } = live.head;
  if (plan === null || phase !== "running") return [];
  const place = { run_id: plan.runId, scenario: plan.scenario, variant: trial?.variant ?? "" };
  const results = countBy(live.results.map(({ state }) => state));
  const trials: Family = {
    name: "churnlab_live_trials",
    type: "gauge",
    help: "Trials of the watched run by how they ended.",
    samples: [...results].map(([state, count]) => [{ run_id: plan.runId, state }, count]),
  };
  // What the database has is of a trial that is over.
  if (live.head.origin === "database") return [trials];
  return [
    trials,
    {
      name: "churnlab_live_connections",
      type: "counter",
      help: "Connections of the trial that goes on.",
      samples: OUTCOMES.flatMap((outcome) => {
        const value = live.latest(`client.connections.${outcome}`);
        return value === null ? [] : [[{ ...place, outcome }, value] as const];
      }),
    },
    ...GAUGES.map(
      ([metric, name, help]): Family => ({
        name,
        type: "gauge",
        help,
        samples: ROLES.flatMap((role) => {
          const value = live.latest(nameMetric({ role, metric }));
          return value === null ? [] : [[{ ...place, role }, value] as const];
        }),
      }),
    ),
  ];
}

function formatFamily({ name, type, help, samples }: Family): string {
  const suffix = { counter: "_total", info: "_info", gauge: "" }[type];
  const lines = samples.map(
    ([labels, value]) => `${name}${suffix}${formatLabels(labels)} ${value}\n`,
  );
  return `# TYPE ${name} ${type}\n# HELP ${name} ${help}\n${lines.join("")}`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function countBy(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
