import { ERRNO, type ErrnoName, type LiveTally, SAMPLED_LATENCIES } from "@churnlab/core";
import { z } from "zod";
import { type PackedHistogram, packedHistogramSchema } from "../histogram-codec.ts";
import {
  type RoleReading,
  roleReadingSchema,
  type TrialKey,
  trialKeySchema,
} from "./trial-messages.ts";

/** How a load does. */
export interface LiveLoad {
  readonly tally: LiveTally;
  readonly engine: string | null;
  /** Of its workers so far, microseconds; null where it is not known before the report. */
  readonly cpuUs: number | null;
  /** What was recorded since the last message that had any: once per second. */
  readonly latencies: readonly PackedHistogram[];
}

/** What who looks on is told, at most once: a lost one leaves a gap in `seq`, and nothing else. */
export interface LiveMessage {
  readonly run: string;
  readonly key: TrialKey;
  /** Of the grid of the controller's clock, in steps of the `liveMs` that it was asked for: the same for all agents at one time. */
  readonly seq: number;
  /** null for a target. */
  readonly load: LiveLoad | null;
  readonly readings: readonly RoleReading[];
  /** null while the target runs, and for an agent that has none. */
  readonly targetEnded: string | null;
}

const liveLoadSchema: z.ZodType<LiveLoad> = z.strictObject({
  tally: z.strictObject({
    attempted: z.number(),
    established: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    dropped: z.number(),
    requestsSucceeded: z.number(),
    failures: z.partialRecord(z.enum(Object.keys(ERRNO) as ErrnoName[]), z.number()),
    open: z.number(),
  }),
  engine: z.string().nullable(),
  cpuUs: z.number().nullable(),
  latencies: z.array(packedHistogramSchema).max(SAMPLED_LATENCIES.length),
});

export const liveMessageSchema: z.ZodType<LiveMessage> = z.strictObject({
  run: z.string(),
  key: trialKeySchema,
  seq: z.int().nonnegative(),
  load: liveLoadSchema.nullable(),
  readings: z.array(roleReadingSchema),
  targetEnded: z.string().nullable(),
});
