import type { TrialSpec } from "../scenario.ts";
import type { PortForecast, PortPrediction, Range } from "./port-forecast.ts";

/**
 * What the port model predicts of a metric of the client, from the counts it predicts; null where it does not. A rate is its
 * count over the measure phase, as in the measurement of the same name.
 */
export function predictResponse(
  { workload, phases }: Pick<TrialSpec, "workload" | "phases">,
  prediction: PortPrediction,
  metric: string,
): Range | null {
  if (prediction.kind !== "predicted") return null;
  const predict = RESPONSES[metric];
  const isOneRequest = workload.kind === "short-lived" && workload.requestsPerConnection === 1;
  if (predict === undefined || (metric.startsWith("requests.") && !isOneRequest)) return null;
  return predict(prediction, phases.measureMs);
}

type Predict = (forecast: PortForecast, measureMs: number) => Range | null;

const perSecond: Predict = ({ succeeded }, measureMs) =>
  succeeded && {
    low: (succeeded.low * 1000) / measureMs,
    high: (succeeded.high * 1000) / measureMs,
  };

const RESPONSES: Readonly<Record<string, Predict>> = {
  "connections.rate": perSecond,
  "requests.rate": perSecond,
  "connections.succeeded": ({ succeeded }) => succeeded,
  "connections.failed": ({ failed }) => failed,
  "time_wait.peak": ({ timeWaitPeak }) => timeWaitPeak?.client ?? null,
};
