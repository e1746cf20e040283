import type { PortForecast, Range } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import type { VariantForecast } from "../grade-run.ts";

/**
 * What the port model predicts of a metric that is drawn, from the counts it predicts; null where it does not. A rate is
 * its count over the measure phase, as in the measurement of the same name.
 */
export function predictResponse(
  { variantList }: Pick<StoredRun, "variantList">,
  { variant, forecast }: VariantForecast,
  metric: string,
): Range | null {
  const spec = variantList.find(({ name }) => name === variant)?.spec;
  if (spec === undefined || forecast.kind !== "predicted") return null;
  const predict = RESPONSES[metric];
  const isOneRequest =
    spec.workload.kind === "short-lived" && spec.workload.requestsPerConnection === 1;
  if (predict === undefined || (metric.startsWith("requests.") && !isOneRequest)) return null;
  return predict(forecast, spec.phases.measureMs);
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
