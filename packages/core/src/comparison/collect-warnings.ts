import {
  COMPARISON_WARNINGS,
  type Comparison,
  type ComparisonWarning,
  type ComparisonWarningCode,
} from "./comparison.ts";
import type { PairingDesign, ValuePair } from "./pair-blocks.ts";

/** Fewer blocks give no 90 % interval: the widest one, of 4 blocks, has 87.5 %. */
export const BLOCKS_MIN = 5;

/** From this φ on, a Poisson bound of the events is too narrow (see `overdispersion`). */
export const DISPERSION_MAX = 1.5;

/** With fewer observations beyond it, a quantile's own error is a large part of its margin. */
const TAIL_GOOD = 100;

/** Below this median, one event more or less is a large part of a count. */
const FEW_EVENTS = 5;

type Counted = Pick<
  Comparison,
  "class" | "n" | "tail" | "dispersion" | "baselineMedian" | "candidateMedian"
>;

/** What may be doubted about a comparison, whatever it is judged by. `planned`: blocks that were meant to be compared. */
export function collectWarnings(
  comparison: Counted,
  pairs: readonly ValuePair[],
  { design, planned }: { readonly design: PairingDesign; readonly planned: number },
): ComparisonWarning[] {
  const { n, dispersion } = comparison;
  const warnings: ComparisonWarning[] = [];
  if (n < BLOCKS_MIN) warnings.push(warn("few-blocks", `${n}, need ${BLOCKS_MIN}`));
  if (n < planned) warnings.push(warn("blocks-left-out", `${planned - n} of ${planned}`));
  if (design === "runs") warnings.push(warn("not-interleaved"));
  const phi = Math.max(dispersion.baseline ?? 0, dispersion.candidate ?? 0);
  if (phi >= DISPERSION_MAX) warnings.push(warn("overdispersed", `φ = ${phi.toPrecision(2)}`));
  const { tail } = comparison;
  if (tail !== null && tail < TAIL_GOOD) warnings.push(warn("few-in-tail", `${tail} in a trial`));
  if (comparison.class === "count" && hasFewEvents(comparison, pairs)) {
    warnings.push(warn("few-events"));
  }
  return warnings;
}

function hasFewEvents(
  { baselineMedian, candidateMedian }: Counted,
  pairs: readonly ValuePair[],
): boolean {
  const small = Math.max(baselineMedian ?? 0, candidateMedian ?? 0) < FEW_EVENTS;
  return small && pairs.some(({ baseline, candidate }) => baseline !== 0 || candidate !== 0);
}

export function warn(code: ComparisonWarningCode, detail?: string): ComparisonWarning {
  const meaning = COMPARISON_WARNINGS[code];
  return { code, message: detail === undefined ? meaning : `${meaning} (${detail})` };
}
