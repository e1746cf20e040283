import type { PortForecast } from "../port-model.ts";

/** The forecast in one or two sentences, the limiting resource first. */
export function describePrediction(
  forecast: Omit<PortForecast, "expectations" | "sentence">,
): string {
  return [describeLimit(forecast), describeOnset(forecast)].filter(Boolean).join(" ");
}

function describeLimit(forecast: Omit<PortForecast, "expectations" | "sentence">): string {
  const { limit, tuples, wait, timeWait, timeWaitMax, ceilingPerS } = forecast;
  const ports = `${formatCount(tuples)} ports`;
  switch (limit) {
    case "none":
      if (
        wait.kind === "time-wait" &&
        timeWaitMax !== null &&
        ceilingPerS === null &&
        timeWaitMax < tuples
      ) {
        return `Ports are no limit: TIME_WAIT is given up above ${formatCount(timeWaitMax)} sockets.`;
      }
      if (wait.kind === "none") return `Ports are no limit: ${wait.because}.`;
      return `Ports are no limit: connections are kept; at most ${ports} can be open.`;
    case "reuse-delay":
      return `${ports}, each free again after ${wait.delayMs} ms: ${formatRate(forecast)}.`;
    case "ports": {
      const seconds = `${timeWait.leastMs / 1000} s`;
      return `${ports}, each kept ${seconds} because ${wait.because}: ${formatRate(forecast)}.`;
    }
  }
}

/** The ceiling as one number: that of the longest wait, which holds in the long run. */
function formatRate({ ceilingPerS }: Pick<PortForecast, "ceilingPerS">): string {
  if (ceilingPerS === null) return "no bound";
  const { low, high } = ceilingPerS;
  return low === high
    ? `${formatCount(low)} connections/s`
    : `${formatCount(low)} to ${formatCount(high)} connections/s in the long run`;
}

function describeOnset(forecast: Omit<PortForecast, "expectations" | "sentence">): string {
  const { firstExhaustedMs, offeredPerS, cliffMs, errno, succeeded, failed } = forecast;
  if (firstExhaustedMs === null) return "";
  const offered = offeredPerS === null ? "" : ` at ${formatCount(offeredPerS)}/s`;
  const cliff =
    typeof cliffMs === "number" ? ` connect() slows down at ${formatSeconds(cliffMs)}.` : "";
  if (firstExhaustedMs === "never") return `No ${errno}${offered} in this trial.${cliff}`;
  const counts =
    succeeded === null || failed === null
      ? ""
      : `, ${formatCount(succeeded.low)} connections succeed and ${formatCount(failed.low)} fail`;
  return `First ${errno}${offered} after ${formatSeconds(firstExhaustedMs)}${counts}.${cliff}`;
}

function formatSeconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}

/** Thousands apart, as in 28 232; a small number with one digit after the point. */
export function formatCount(value: number): string {
  const rounded = value >= 100 ? Math.round(value) : Number(value.toFixed(1));
  return String(rounded).replaceAll(/\B(?=(?:\d{3})+(?!\d))(?<!\.\d*)/g, " ");
}
