import type { Prediction } from "../grade-prediction.ts";
import type { TrialSpec } from "../scenario.ts";
import type { PortForecast, Range } from "./port-forecast.ts";

/** The forecast as metrics that a trial must show; only those that are exact. */
export function expectMetrics(
  { workload }: TrialSpec,
  forecast: Omit<PortForecast, "expectations" | "sentence">,
): Prediction[] {
  if (!forecast.exact) return [];
  const { timeWaitPeak, succeeded, failed, overflow, firstExhaustedMs } = forecast;
  const closer = workload.closer === "client" ? "client" : "target";
  const rows: readonly [Prediction["role"], string, Range | null][] = [
    ["client", "connections.succeeded", succeeded],
    ["client", "connections.failed", failed],
    ["client", "time_wait.peak", timeWaitPeak?.client ?? null],
    ["target", "time_wait.peak", timeWaitPeak?.target ?? null],
    [closer, "tcpext.TCPTimeWaitOverflow", overflow],
  ];
  const exact = rows.flatMap(([role, metric, range]) =>
    range !== null && range.low === range.high ? [{ role, metric, value: range.low }] : [],
  );
  if (firstExhaustedMs === null) return exact;
  return [
    ...exact,
    { role: "client", metric: "ports.first_exhausted_ms", value: firstExhaustedMs },
  ];
}
