import type { Arrival, TrialSpec } from "@churnlab/core";

/** What one trial sends, in words: rate, duration and connections. */
export function describeLoad({ workload, phases }: TrialSpec): string {
  const seconds = (phases.warmUpMs + phases.measureMs) / 1000;
  const unit = workload.kind === "keep-alive" ? "requests" : "connections";
  return `${describeArrival(workload.arrival, { unit, seconds })} for ${seconds} s`;
}

interface Offered {
  readonly unit: string;
  readonly seconds: number;
}

function describeArrival(arrival: Arrival, { unit, seconds }: Offered): string {
  if (arrival.model === "closed") {
    const bound = arrival.limit === null ? "" : `, at most ${arrival.limit} ${unit} in all`;
    return `${arrival.connections} connections at once, as fast as it answers${bound}`;
  }
  const { ratePerS, toPerS, limit } = arrival;
  const rate = toPerS === null ? `${ratePerS}/s` : `${ratePerS}/s to ${toPerS}/s`;
  const mean = (ratePerS + (toPerS ?? ratePerS)) / 2;
  const most = Math.min(Math.ceil(mean * seconds), limit ?? Number.POSITIVE_INFINITY);
  return `${rate}, ${most} ${unit} in all,`;
}
