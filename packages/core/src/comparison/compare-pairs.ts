import type { MetricDescription } from "../metrics.ts";
import { a12 } from "../statistics/a12.ts";
import { estimateHodgesLehmann } from "../statistics/estimate-hodges-lehmann.ts";
import { median } from "../statistics/quantile.ts";
import { signFlipP } from "../statistics/sign-flip-p.ts";
import { signedRankInterval } from "../statistics/signed-rank-interval.ts";
import { expectValue } from "../statistics/statistic.ts";
import type { DifferenceScale, PairedComparison } from "./comparison.ts";
import type { ValuePair } from "./pair-blocks.ts";

/** The interval of every verdict: both sides of a 90 % interval are one-sided tests at 5 % (Schuirmann 1987, TOST). */
export const INTERVAL_CONFIDENCE = 0.9;

/** What the paired blocks alone decide. */
export type PairedEstimate = Pick<
  PairedComparison,
  "scale" | "differences" | "center" | "interval" | "effect" | "low" | "high" | "p" | "a12"
>;

/**
 * The estimate of the candidate's change over paired blocks, of which there is at least one: on log ratios where every block has
 * a ratio, else relative to the baseline's median, else absolute. `interval` is null with too few blocks for one. Null where a
 * difference, or an effect made of one, is not a finite number: a value that is not finite, or two of which the ratio overflows.
 */
export function estimatePairs(
  pairs: readonly ValuePair[],
  metricClass: MetricDescription["class"],
): PairedEstimate | null {
  const { scale, differences } = measureDifferences(pairs, metricClass);
  if (!differences.every(Number.isFinite)) return null;
  const center = expectValue(estimateHodgesLehmann(differences));
  const found = signedRankInterval(differences, INTERVAL_CONFIDENCE);
  const interval = found.defined ? found.value : null;
  const effects = [center, interval?.low ?? null, interval?.high ?? null].map((value) =>
    toEffect(value, scale),
  );
  if (effects.some((effect) => effect !== null && !Number.isFinite(effect))) return null;
  const [effect = null, low = null, high = null] = effects;
  const p = expectValue(signFlipP(differences));
  const [baseline, candidate] = ratesOf(pairs, metricClass);
  return {
    scale,
    differences,
    center,
    interval,
    effect,
    low,
    high,
    p,
    a12: expectValue(a12(candidate, baseline)),
  };
}

function toEffect(value: number | null, scale: DifferenceScale): number | null {
  if (value === null || scale === "absolute") return null;
  return scale === "log-ratio" ? Math.expm1(value) : value;
}

interface Differences {
  readonly scale: DifferenceScale;
  readonly differences: readonly number[];
}

/** Half an event is added to counts, so that a block without any has a ratio too. */
function measureDifferences(
  pairs: readonly ValuePair[],
  metricClass: MetricDescription["class"],
): Differences {
  const zeroBaseline = pairs.every(({ baseline }) => baseline === 0);
  if (metricClass === "count" && !zeroBaseline) {
    const differences = pairs.map(
      (pair) =>
        Math.log((pair.candidate + 0.5) / (pair.candidateExposure ?? 1)) -
        Math.log((pair.baseline + 0.5) / (pair.baselineExposure ?? 1)),
    );
    return { scale: "log-ratio", differences };
  }
  if (pairs.every(({ baseline, candidate }) => baseline > 0 && candidate > 0)) {
    const differences = pairs.map((pair) => Math.log(pair.candidate) - Math.log(pair.baseline));
    return { scale: "log-ratio", differences };
  }
  const absolute = pairs.map(({ baseline, candidate }) => candidate - baseline);
  const baselineMedian = expectValue(median(pairs.map(({ baseline }) => baseline)));
  return baselineMedian > 0
    ? { scale: "relative", differences: absolute.map((difference) => difference / baselineMedian) }
    : { scale: "absolute", differences: absolute };
}

/** The values of each side; counts per exposure, where both sides have one. */
function ratesOf(
  pairs: readonly ValuePair[],
  metricClass: MetricDescription["class"],
): [baseline: number[], candidate: number[]] {
  const perExposure = metricClass === "count";
  return [
    pairs.map((pair) => pair.baseline / ((perExposure && pair.baselineExposure) || 1)),
    pairs.map((pair) => pair.candidate / ((perExposure && pair.candidateExposure) || 1)),
  ];
}
