import type { Comparison } from "./comparison/comparison.ts";
import { adjustFamily } from "./decide-verdict.ts";
import type { GateResult } from "./gates/gate-result.ts";
import { judgeAgainst } from "./gates/judge-against.ts";
import { type Draft, type GateInput, prepareGate } from "./gates/prepare-gate.ts";

/**
 * Judges every gate for every variant it names. `max`, `min` and `equals` bind each completed trial; `against` is judged
 * by the interval of the difference, with a p that holds for all such gates together (Holm 1979), as any of them may fail.
 */
export function judgeGates(input: GateInput): GateResult[] {
  const drafts = input.gates.flatMap((gate) => prepareGate(gate, input));
  const adjusted = adjustDrafts(drafts);
  return drafts.map((draft) => concludeDraft(draft, adjusted));
}

function concludeDraft(draft: Draft, adjusted: ReadonlyMap<Draft, number>): GateResult {
  const { gate, variant } = draft;
  if (draft.kind === "judged") return { gate, variant, ...draft.judgement };
  const { comparison, baseline, worseBy } = draft;
  const adjustedP = adjusted.get(draft) ?? null;
  const judged = judgeAgainst(comparison, worseBy, { adjustedP, family: adjusted.size });
  const evidence = { kind: "comparison", baseline, comparison, adjustedP } as const;
  return {
    gate,
    variant,
    outcome: judged.outcome,
    reason: doubtTurns(judged.reason, comparison),
    evidence,
  };
}

/** Two runs that were not made in turn differ by the hour too, which no statistics can tell from the change. */
function doubtTurns(reason: string, { warnings }: Comparison): string {
  const drift = warnings.find(({ code }) => code === "not-interleaved");
  return drift === undefined ? reason : `${reason}; ${drift.message}`;
}

/** The drafts that may fail by a comparison, with their p adjusted for one another. */
function adjustDrafts(drafts: readonly Draft[]): ReadonlyMap<Draft, number> {
  const compared = drafts.filter((draft) => draft.kind === "compared");
  const adjusted = adjustFamily(compared.map(({ comparison }) => comparison));
  return new Map(
    compared.flatMap((draft, i) => {
      const p = adjusted[i] ?? null;
      return p === null ? [] : [[draft, p] as const];
    }),
  );
}
