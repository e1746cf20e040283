import type { Comparison } from "../comparison/comparison.ts";
import type { Range } from "../port-model/port-forecast.ts";
import type { Gate } from "../scenario.ts";

export const GATE_OUTCOMES = ["pass", "fail", "inconclusive", "invalid"] as const;

/** `inconclusive`: the trials cannot tell. `invalid`: the gate could not be judged at all, so it has not passed. */
export type GateOutcome = (typeof GATE_OUTCOMES)[number];

export const GATE_CAUSES = ["not-measured", "not-comparable", "not-predicted"] as const;

/**
 * Why a gate could not be judged. `not-measured`: no valid trial has the number. `not-comparable`: the baseline is of
 * another environment or scenario. `not-predicted`: the port model says nothing of the metric in this variant.
 */
export type GateCause = (typeof GATE_CAUSES)[number];

/** What a gate was judged by. */
export type GateEvidence =
  | {
      readonly kind: "bound";
      /** The value furthest beyond, or nearest to, the bound. `never`: the event did not happen. */
      readonly worst: number | "never";
      readonly worstBlock: number;
      /** Completed trials that were judged, and those among them that break the gate. */
      readonly trials: number;
      readonly violations: number;
    }
  | {
      readonly kind: "model";
      readonly predicted: Range | "never";
      /** The value furthest from the prediction. */
      readonly worst: number | "never";
      readonly worstBlock: number;
      readonly trials: number;
      readonly violations: number;
    }
  | {
      readonly kind: "comparison";
      readonly baseline: string;
      readonly comparison: Comparison;
      readonly adjustedP: number | null;
    }
  | {
      readonly kind: "none";
      readonly cause: GateCause;
    };

/** One gate, judged for one variant. */
export interface GateResult {
  readonly gate: Gate;
  /** null: the gate names no variant of the run. */
  readonly variant: string | null;
  readonly outcome: GateOutcome;
  /** Why, as a sentence without its full stop. */
  readonly reason: string;
  readonly evidence: GateEvidence;
}

/** Why a gate is `invalid`; null when it is not. */
export function causeOf({ outcome, evidence }: GateResult): GateCause | null {
  if (outcome !== "invalid") return null;
  return evidence.kind === "none" ? evidence.cause : "not-measured";
}
