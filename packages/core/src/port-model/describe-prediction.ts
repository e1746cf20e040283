import { formatNumber } from "../format-number.ts";
import type { PortForecast, Range } from "./port-forecast.ts";

type Forecast = Omit<PortForecast, "expectations" | "sentence">;

/** The forecast in a few sentences, the limiting resource first. */
export function describePrediction(forecast: Forecast): string {
  return [describeLimit(forecast), describeOnset(forecast), describeCliff(forecast)]
    .filter(Boolean)
    .join(" ");
}

function describeLimit(forecast: Forecast): string {
  const { limit, tuples, wait, ceilingPerS } = forecast;
  const ports = `${formatNumber(tuples)} ports`;
  if (limit === "none") return `Ports are no limit: ${explainFreedom(forecast)}.`;
  if (ceilingPerS === null) return `${ports}, each held by its connection to the end.`;
  const rate = `${formatRange(ceilingPerS)} connections/s in the long run`;
  if (wait.kind === "reuse-delay")
    return `${ports}, each free again after ${formatSeconds(wait.delayMs)}: ${rate}.`;
  return `${ports}, ${explainWait(forecast)}: ${rate}.`;
}

function explainFreedom(forecast: Forecast): string {
  const { wait, timeWaitMax } = forecast;
  if (wait.kind === "none") return wait.because;
  if (skipsTimeWait(forecast))
    return `TIME_WAIT is given up above ${formatNumber(timeWaitMax ?? 0)} sockets`;
  return `connections are kept; at most ${formatNumber(forecast.tuples)} can be open`;
}

function explainWait(forecast: Forecast): string {
  const { wait, timeWait, timeWaitMax, lifeMs } = forecast;
  if (wait.kind === "none") return `each taken for ${lifeMs} ms by its connection`;
  if (skipsTimeWait(forecast)) {
    return `each taken for ${lifeMs} ms by its connection, and TIME_WAIT is given up above ${formatNumber(timeWaitMax ?? 0)} sockets`;
  }
  return `each kept ${formatSeconds(timeWait.leastMs)} because ${wait.because}`;
}

/** Whether connections skip TIME_WAIT because fewer sockets may be in it than there are ports. */
function skipsTimeWait({ wait, timeWaitMax, ports }: Forecast): boolean {
  return wait.kind === "time-wait" && timeWaitMax !== null && timeWaitMax < ports;
}

function describeOnset(forecast: Forecast): string {
  const { firstExhaustedMs, offeredPerS, errno, succeeded, failed } = forecast;
  if (firstExhaustedMs === null) return "";
  const offered = offeredPerS === null ? "" : ` at ${formatRange(offeredPerS)}/s`;
  if (firstExhaustedMs === "never") return `No ${errno}${offered} in this trial.`;
  const counts =
    succeeded === null || failed === null
      ? ""
      : `, ${formatNumber(succeeded.low)} connections succeed and ${formatNumber(failed.low)} fail`;
  return `First ${errno}${offered} after ${formatSeconds(firstExhaustedMs)}${counts}.`;
}

function describeCliff({ cliffMs }: Forecast): string {
  if (typeof cliffMs !== "number") return "";
  return `connect() slows down ${cliffMs < 0 ? "in the warm-up" : `at ${formatSeconds(cliffMs)}`}.`;
}

/** To three digits, as comparisons show it: the plan and the result are to be held against each other. */
function formatSeconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(3))} s`;
}

function formatRange({ low, high }: Range): string {
  const [from, to] = [formatNumber(low), formatNumber(high)];
  return from === to ? from : `${from} to ${to}`;
}
