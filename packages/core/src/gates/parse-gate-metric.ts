import { LATENCY_METRICS } from "../histogram.ts";
import { type MetricKey, nameMetric } from "../metric-key.ts";
import { describeMetric, METRICS } from "../metrics.ts";
import { ROLES } from "../role.ts";
import { suggestName } from "../suggest-name.ts";

/** A gate's `role.metric`, or what is wrong with it. */
export type GateMetric =
  | { readonly known: true; readonly key: MetricKey }
  | { readonly known: false; readonly problem: string; readonly suggestion: string | null };

/**
 * Splits `client.failures.EADDRNOTAVAIL` into role and metric and checks both. `measured`: further `role.metric` names
 * to suggest from, such as the kernel counters of the run at hand.
 */
export function parseGateMetric(name: string, measured: Iterable<string> = []): GateMetric {
  const unknown = (problem: string): GateMetric => {
    const suggestion = suggestName(name, [...listGateMetrics(), ...measured]);
    return { known: false, problem, suggestion };
  };
  const dot = name.indexOf(".");
  const role = ROLES.find((known) => known === name.slice(0, dot));
  if (dot === -1 || role === undefined) {
    return unknown(`a gate's metric begins with its role (${ROLES.join(", ")})`);
  }
  const metric = name.slice(dot + 1);
  const description = describeMetric(metric);
  if (description === null || isUnknownLatency(metric)) return unknown("no metric has this name");
  if (!description.roles.includes(role)) {
    return unknown(`${metric} is measured of the ${description.roles.join(" or the ")} only`);
  }
  return { known: true, key: { role, metric } };
}

/** Errnos, reset reasons and counters are the kernel's to name; the latencies are ours, so a wrong one is known. */
function isUnknownLatency(metric: string): boolean {
  const [, latency] = /^latency\.(.*)\.\w+$/.exec(metric) ?? [];
  return latency !== undefined && !LATENCY_METRICS.some((known) => known === latency);
}

/** Every `role.metric` that does not depend on the kernel's own names. */
function listGateMetrics(): string[] {
  return METRICS.flatMap(({ name, roles }) => {
    const names = name.startsWith("latency.")
      ? LATENCY_METRICS.map((latency) => name.replace("*", latency))
      : [name];
    return names
      .filter((n) => !n.includes("*"))
      .flatMap((n) => roles.map((role) => nameMetric({ role, metric: n })));
  });
}
