import type { Trial, TrialOutcome } from "@churnlab/core";
import { formatClock, formatNumber, formatValue } from "../format-value.ts";
import type { LiveBlock } from "./live-block.ts";

/** Which attempt at a trial, of how many at most. */
interface Attempt {
  readonly number: number;
  readonly of: number;
}

/** What a log says when the load of a trial begins: `00:09  trial 2/6 begins: fin, replicate 1/3, 400/s, measure 8.00 s`. */
export function formatTrialBegin(state: LiveBlock, { spec }: Trial): string {
  const { arrival } = spec.workload;
  const { warmUpMs, measureMs } = spec.phases;
  return [
    `${nameTrial(state)} begins: ${state.variant.name}`,
    `replicate ${state.replicate.number}/${state.replicate.of}`,
    arrival.model === "open"
      ? formatValue(arrival.ratePerS, "/s")
      : `${formatNumber(arrival.connections)} at once`,
    ...(warmUpMs === 0 ? [] : [`warm-up ${formatValue(warmUpMs, "ms")}`]),
    `measure ${formatValue(measureMs, "ms")}`,
  ].join(", ");
}

/** What a log says when a trial is over: how it ended and its counts, or why there are none. */
export function formatTrialEnd(state: LiveBlock, outcome: TrialOutcome, attempt: Attempt): string {
  const { number, of } = attempt;
  const again = number === 1 ? "" : `, attempt ${number} of ${of}`;
  const head = `${nameTrial(state)} ${outcome.state}${again}: ${state.variant.name}`;
  return [head, ...describeCounts(outcome)].join(", ");
}

function nameTrial({ elapsedMs, trial }: LiveBlock): string {
  return `${formatClock(elapsedMs)}  trial ${trial.number}/${trial.of}`;
}

function describeCounts({ record }: TrialOutcome): string[] {
  const { connections, requests } = record.tally;
  const valueOf = (metric: string): number | null =>
    record.measurements.find((each) => each.role === "client" && each.metric === metric)?.value ??
    null;
  const rate = valueOf("connections.rate");
  if (rate === null) return ["no numbers"];
  const timeWait = valueOf("time_wait.peak");
  return [
    `${formatNumber(connections.succeeded)} of ${formatNumber(connections.intended)} connections succeeded`,
    `${formatNumber(connections.failed)} failed`,
    ...(connections.dropped === 0 ? [] : [`${formatNumber(connections.dropped)} not offered`]),
    ...(requests.succeeded === 0 ? [] : [`${formatNumber(requests.succeeded)} requests`]),
    formatValue(rate, "/s"),
    ...(timeWait === null ? [] : [`TIME_WAIT peak ${formatNumber(timeWait)}`]),
  ];
}
