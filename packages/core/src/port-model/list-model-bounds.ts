import type { MetricKey } from "../metric-key.ts";
import type { TrialSpec } from "../scenario.ts";
import type { PortForecast, PortPrediction, Range } from "./port-forecast.ts";
import { predictResponse } from "./predict-response.ts";

/** What the model says of one metric: where every trial must lie, or that the event must not happen. */
export interface ModelBound extends MetricKey {
  readonly predicted: Range | "never";
}

/** What the model says of a variant, for gates against it. */
export interface VariantModel {
  readonly bounds: readonly ModelBound[];
  /** Why there are none, as a clause; null when there are. */
  readonly reason: string | null;
}

/** Every metric, with its role, that the model may bound; a gate against it on any other is a mistake. */
export const MODELLED_METRICS = [
  "client.connections.succeeded",
  "client.connections.failed",
  "client.connections.rate",
  "client.time_wait.peak",
  "client.time_wait.plateau",
  "client.tcpext.TCPTimeWaitOverflow",
  "client.ports.first_exhausted_ms",
  "target.time_wait.peak",
  "target.time_wait.plateau",
  "target.tcpext.TCPTimeWaitOverflow",
] as const;

/**
 * What gates may hold a variant's trials against. Wider than `expectations`, which are exact counts: a range is a bound too
 * (connections past exhaustion come back with TIME_WAIT's timer, which is known to 3 %).
 */
export function listModelBounds(spec: TrialSpec, prediction: PortPrediction): VariantModel {
  if (prediction.kind === "none") return { bounds: [], reason: prediction.reason };
  if (!prediction.bounded) return { bounds: [], reason: explainUnbounded(spec, prediction) };
  const { timeWaitPeak, timeWaitPlateau, succeeded, failed, overflow } = prediction;
  const closer = spec.workload.closer === "client" ? "client" : "target";
  const rows: readonly (readonly [ModelBound["role"], string, Range | null])[] = [
    ["client", "connections.succeeded", succeeded],
    ["client", "connections.failed", failed],
    ["client", "connections.rate", predictResponse(spec, prediction, "connections.rate")],
    ["client", "time_wait.peak", timeWaitPeak?.client ?? null],
    ["target", "time_wait.peak", timeWaitPeak?.target ?? null],
    ["client", "time_wait.plateau", timeWaitPlateau?.client ?? null],
    ["target", "time_wait.plateau", timeWaitPlateau?.target ?? null],
    [closer, "tcpext.TCPTimeWaitOverflow", overflow],
  ];
  const bounds = rows.flatMap(([role, metric, predicted]): ModelBound[] =>
    predicted === null ? [] : [{ role, metric, predicted }],
  );
  const { firstExhaustedMs: first } = prediction;
  if (first !== null) {
    const predicted = first === "never" ? first : { low: first, high: first };
    bounds.push({ role: "client", metric: "ports.first_exhausted_ms", predicted });
  }
  return { bounds, reason: null };
}

function explainUnbounded({ workload }: TrialSpec, { succeeded }: PortForecast): string {
  if (workload.arrival.model === "closed") return "a closed loop begins as many as end";
  if (workload.arrival.shape === "poisson") return "arrivals come by chance";
  if (workload.kind === "keep-alive") return "which requests share a connection is not known";
  return succeeded === null
    ? "it has more connections than the model counts one by one"
    : "it runs so close to a limit that single connections are lost to chance";
}
