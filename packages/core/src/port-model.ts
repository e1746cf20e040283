import { describePool } from "./port-model/describe-pool.ts";
import { describePrediction } from "./port-model/describe-prediction.ts";
import { expectMetrics } from "./port-model/expect-metrics.ts";
import { forecastCounts } from "./port-model/forecast-counts.ts";
import type { KernelFacts, PortPrediction } from "./port-model/port-forecast.ts";
import type { TrialSpec } from "./scenario.ts";

/**
 * What the port range, TIME_WAIT and the settings about them allow a variant: the highest rate, when ports run out, how
 * many connections succeed. Times and rates agree with Linux 6.18 within 0.2 % (the rows of `port-model.test.ts`).
 */
export function predictPorts(spec: TrialSpec, facts: KernelFacts = {}): PortPrediction {
  const reason = refuse(spec);
  if (reason !== null) return { kind: "none", reason };
  const pool = describePool(spec, facts);
  const forecast = { ...pool, ...forecastCounts(spec, pool) };
  const expectations = expectMetrics(spec, forecast);
  return { ...forecast, expectations, sentence: describePrediction(forecast) };
}

/** Why the model does not hold for a variant; null when it does. */
function refuse({ testbed, topology, target, workload }: TrialSpec): string | null {
  if (testbed === "external") return "the ports and sysctls of a foreign host are not known";
  if (!("server" in target))
    return "who closes first is decided by a server that is not churnlab's";
  if (topology === "gateway") return "the gateway's own connections may be the limit";
  if (target.misbehaviour !== "none") return `the target misbehaves (${target.misbehaviour})`;
  if (workload.lifetimeMs !== null) return "connections end by their age";
  if (workload.engine === "undici" && workload.kind !== "short-lived") {
    return "undici decides itself how many connections it keeps";
  }
  return null;
}
