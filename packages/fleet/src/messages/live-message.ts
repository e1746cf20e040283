import type { LiveTally } from "@churnlab/core";
import { z } from "zod";
import {
  type RoleReading,
  roleReadingSchema,
  type TrialKey,
  trialKeySchema,
} from "./trial-messages.ts";

/** What who looks on is told, at most once: a lost one leaves a gap in `seq`, and nothing else. */
export interface LiveMessage {
  readonly run: string;
  readonly key: TrialKey;
  /** Of the grid of the controller's clock, in steps of the `liveMs` that it was asked for: the same for all agents at one time. */
  readonly seq: number;
  /** null for a target. */
  readonly tally: LiveTally | null;
  readonly readings: readonly RoleReading[];
  /** null while the target runs, and for an agent that has none. */
  readonly targetEnded: string | null;
}

export const liveMessageSchema: z.ZodType<LiveMessage> = z.object({
  run: z.string(),
  key: trialKeySchema,
  seq: z.int().nonnegative(),
  tally: z
    .object({
      attempted: z.number(),
      established: z.number(),
      succeeded: z.number(),
      failed: z.number(),
      dropped: z.number(),
      requestsSucceeded: z.number(),
      open: z.number(),
    })
    .nullable(),
  readings: z.array(roleReadingSchema),
  targetEnded: z.string().nullable(),
});
