import type { GradeKind } from "@churnlab/core";
import type { PredictionResult } from "../judge-predictions.ts";
import { layoutTable } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

/** How many predictions of the port model hold, then a line for each that does not. */
export function formatPredictions(
  results: readonly PredictionResult[],
  style: Style = PLAIN_STYLE,
): string {
  if (results.length === 0) return "port model: predicts no exact number of this scenario";
  const held = results.filter(({ outcome }) => outcome === "agrees").length;
  const rows = results
    .filter(({ outcome }) => outcome !== "agrees")
    .map(({ variant, metric, predicted, outcome, reason }) => [
      `${markOutcome(outcome, style)} ${outcome}`,
      variant,
      `${metric} ${predicted}`,
      reason,
    ]);
  const head = `port model: ${held} of ${results.length} predictions hold`;
  if (rows.length === 0) return head;
  const columns = rows[0]?.map(() => ({ title: "", align: "left" }) as const) ?? [];
  return [head, ...layoutTable(columns, rows, style.columns)].join("\n");
}

function markOutcome(outcome: GradeKind, style: Style): string {
  switch (outcome) {
    case "agrees":
      return style.good("✓");
    case "disagrees":
      return style.bad("✗");
    case "not-measured":
      return style.doubt("!");
  }
}
