import type { LatencyMetric } from "../histogram.ts";
import { LATENCY_QUANTILES } from "../latency-quantiles.ts";
import type { Comparison } from "./comparison.ts";
import { createReader, type ReadableTrial } from "./read-measurement.ts";

/** What a latency has one observation of. */
const OBSERVED: Readonly<Record<LatencyMetric, string>> = {
  schedule: "connections.attempted",
  connect: "connections.established",
  first_byte: "requests.succeeded",
  request: "requests.succeeded",
  total: "connections.succeeded",
};

const SHARES: ReadonlyMap<string, number> = new Map(
  LATENCY_QUANTILES.map(({ name, share }) => [name, share]),
);

/**
 * How many observations lie beyond a latency quantile in the smallest of the trials: with 10 000 of them, 100 lie beyond
 * the p99. null for other metrics, and where the observations were not counted.
 */
export function countTail(
  pairs: readonly Readonly<Record<"baseline" | "candidate", ReadableTrial>>[],
  metric: string,
): number | null {
  const [, latency = "", quantile = ""] = /^latency\.(\w+)\.(\w+)$/.exec(metric) ?? [];
  const share = SHARES.get(quantile);
  if (share === undefined || !Object.hasOwn(OBSERVED, latency)) return null;
  const read = createReader({ role: "client", metric: OBSERVED[latency as LatencyMetric] });
  let least = Number.POSITIVE_INFINITY;
  for (const pair of pairs) {
    for (const reading of [read(pair.baseline), read(pair.candidate)]) {
      if (reading.kind !== "value" || !Number.isFinite(reading.value)) return null;
      least = Math.min(least, reading.value);
    }
  }
  // 10 000 · (1 − 0.99) is a little above 100 in binary.
  return pairs.length === 0 ? null : Math.round(least * (1 - share));
}

/** With fewer observations beyond it, a quantile is the luck of single connections: it is shown, not judged. */
const TAIL_MIN = 10;

/** Why a quantile cannot be judged; null when it can, and for every other metric. */
export function doubtTail({ tail }: Pick<Comparison, "tail">): string | null {
  if (tail === null || tail >= TAIL_MIN) return null;
  return `only ${tail} observations of a trial lie beyond this quantile, need ≥ ${TAIL_MIN}`;
}
