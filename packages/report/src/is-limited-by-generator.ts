import type { WarningCode } from "@churnlab/core";
import type { StoredTrial } from "@churnlab/store";

/** Doubts that make the generator, and not the target, what may have been the limit of a trial. */
const GENERATOR_WARNINGS: ReadonlySet<WarningCode> = new Set([
  "W_GENERATOR_LATE",
  "W_GENERATOR_LIMITED",
  "W_GENERATOR_CPU",
  "W_NO_DESCRIPTORS",
  "W_OFFERED_SHORT",
]);

/**
 * Whether a trial shows a sign that its load generator was the limit: late, out of processor or descriptors, or short of its
 * offer. No sign is no proof: a closed loop has no schedule to be late for, so that only its processor time can tell.
 */
export function isLimitedByGenerator({ warnings }: Pick<StoredTrial, "warnings">): boolean {
  return warnings.some(({ code }) => GENERATOR_WARNINGS.has(code));
}
