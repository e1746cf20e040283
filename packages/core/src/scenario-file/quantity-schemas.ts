import { z } from "zod";
import { DURATION_PATTERN, parseDurationMs } from "../parse-duration.ts";
import { parseRatePerS, RATE_PATTERN } from "../parse-rate.ts";
import { SHARE_PATTERN } from "../parse-share.ts";
import { SCENARIO_BOUNDS } from "../scenario-bounds.ts";

/** A quantity as text whose unit is mandatory. Its `title` tells the explainer of problems which one it is. */
type Quantity = z.ZodType<number, string>;

function quantity(
  title: string,
  pattern: RegExp,
  parse: (text: string) => number | null,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z
    .string()
    .regex(pattern)
    .transform((text) => parse(text) as number)
    .meta({ title });
}

const anyDuration = quantity("duration", DURATION_PATTERN, parseDurationMs).refine(
  (ms) => ms <= SCENARIO_BOUNDS.durationMs,
  `at most ${SCENARIO_BOUNDS.durationMs / 3_600_000}h`,
);

/** Milliseconds, at most two days. */
export const duration: Quantity = anyDuration;

export const positiveDuration: Quantity = anyDuration.refine((ms) => ms > 0, "more than 0s");

/** Events per second. */
export const rate: Quantity = quantity("rate", RATE_PATTERN, parseRatePerS)
  .refine((perS) => perS > 0, "more than 0/s")
  .refine((perS) => perS <= SCENARIO_BOUNDS.ratePerS, `at most ${SCENARIO_BOUNDS.ratePerS}/s`);

/** A percentage, kept as text: gates read it. */
export const share: z.ZodType<string, string> = z
  .string()
  .regex(SHARE_PATTERN)
  .meta({ title: "share" });
