import { z } from "zod";
import { type TrialKey, trialKeySchema } from "./trial-messages.ts";

/** Characters of a part: well below the server's 1 MiB, also where every one is escaped. */
export const PART_CHARACTERS: number = 128 * 1024;
/** Of a report: what is more is no report, and is not kept. Five histograms with something in every bucket take four parts. */
export const PARTS_MAX = 32;

interface PieceOrigin {
  readonly run: string;
  readonly agent: string;
  readonly key: TrialKey;
  readonly seq: number;
}

/** What all parts of a report must add up to. */
export interface ResultTotals {
  /** Parts before the final piece. */
  readonly parts: number;
  readonly characters: number;
  readonly sha256: string;
  /** Connections attempted in warm-up and measure phase, as the workers' counters said at the end. */
  readonly attempted: number;
}

/** A piece of an agent's report: its JSON in parts, then the totals; or the one failure that stands for all. */
export type ResultPiece =
  | (PieceOrigin & { readonly kind: "part"; readonly text: string })
  | (PieceOrigin & { readonly kind: "final"; readonly totals: ResultTotals })
  | (PieceOrigin & { readonly kind: "failure"; readonly code: string; readonly message: string });

const origin = {
  run: z.string(),
  agent: z.string(),
  key: trialKeySchema,
  seq: z.int().nonnegative().max(PARTS_MAX),
};

export const resultPieceSchema: z.ZodType<ResultPiece> = z.discriminatedUnion("kind", [
  z.strictObject({ ...origin, kind: z.literal("part"), text: z.string().max(PART_CHARACTERS) }),
  z.strictObject({
    ...origin,
    kind: z.literal("final"),
    totals: z.strictObject({
      parts: z.int().nonnegative().max(PARTS_MAX),
      characters: z.int().nonnegative(),
      sha256: z.string(),
      attempted: z.int().nonnegative(),
    }),
  }),
  z.strictObject({ ...origin, kind: z.literal("failure"), code: z.string(), message: z.string() }),
]);
