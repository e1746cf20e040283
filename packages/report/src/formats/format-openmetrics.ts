import { describeMetric, type MetricDescription, type Role } from "@churnlab/core";
import type { StoredRun, StoredTrial } from "@churnlab/store";

/**
 * A run as OpenMetrics 1.0 text with timestamps, for `promtool tsdb create-blocks-from openmetrics`. Every measurement
 * of a completed trial is one point of a gauge, at the end of the trial's measure phase. A metric named after a kernel
 * name has one family with that name in the label `name`: `failures.EADDRNOTAVAIL` is
 * `churnlab_failures{name="EADDRNOTAVAIL"}`.
 */
export function formatOpenMetrics(run: StoredRun): string {
  const families = new Map<string, { head: string[]; points: string[] }>();
  for (const trial of run.trialList.filter(({ state }) => state === "completed")) {
    for (const { role, metric, value } of trial.measurements) {
      const description = describeMetric(metric);
      if (description === null) continue;
      const name = nameFamily(description);
      let family = families.get(name);
      if (family === undefined) {
        families.set(name, (family = { head: describeFamily(name, description), points: [] }));
      }
      const labels = labelPoint(run, trial, {
        role,
        wildcard: wildcardOf(description.name, metric),
      });
      family.points.push(`${name}${labels} ${formatFloat(value)} ${endS(trial)}`);
    }
  }
  const lines = [...families.values()].flatMap(({ head, points }) => [...head, ...points]);
  return `${[...lines, "# EOF"].join("\n")}\n`;
}

/** The words for units of OpenMetrics; of what is counted the name says enough. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  us: "microseconds",
  ms: "milliseconds",
  "/s": "per_second",
  share: "ratio",
};

/** A family with a unit ends with it, as OpenMetrics asks; a name that has the unit in it keeps it there. */
function unitWord({ name, unit }: MetricDescription): string | null {
  return name.split(/[._]/).includes(unit) ? null : (UNIT_WORDS[unit] ?? null);
}

function nameFamily(description: MetricDescription): string {
  const words = description.name.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "");
  const unit = unitWord(description);
  return ["churnlab", ...words, ...(unit === null ? [] : [unit])].join("_");
}

function describeFamily(name: string, description: MetricDescription): string[] {
  const unit = unitWord(description);
  return [
    `# TYPE ${name} gauge`,
    ...(unit === null ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escape(description.meaning)}`,
  ];
}

/** What `*` of a pattern stands for in a metric's name; empty where the pattern has none. */
function wildcardOf(pattern: string, metric: string): string {
  const [before, after] = pattern.split("*");
  if (before === undefined || after === undefined) return "";
  return metric.slice(before.length, metric.length - after.length);
}

function labelPoint(
  run: StoredRun,
  trial: StoredTrial,
  { role, wildcard }: { readonly role: Role; readonly wildcard: string },
): string {
  const labels = {
    run_id: run.runId,
    scenario: run.scenario,
    variant: trial.variant,
    replicate: String(trial.replicate),
    trial_id: String(trial.trialId),
    attempt: String(trial.attempt),
    role,
    ...(wildcard === "" ? {} : { name: wildcard }),
  };
  const list = Object.entries(labels).map(([key, value]) => `${key}="${escape(value)}"`);
  return `{${list.join(",")}}`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function formatFloat(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}

function endS({ startedAtUnixMs, measureMs }: StoredTrial): string {
  return ((startedAtUnixMs + measureMs) / 1000).toFixed(3);
}
