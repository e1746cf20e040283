import { causeOf, type Gate, type GateOutcome, type GateResult } from "@churnlab/core";
import { formatCount } from "../format-value.ts";
import { layoutTable } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

/** How many gates passed or failed, then a line for each gate and variant. Empty for a scenario without gates. */
export function formatGates(results: readonly GateResult[], style: Style = PLAIN_STYLE): string {
  if (results.length === 0) return "";
  const rows = results.map((result) => [
    `${markOutcome(result.outcome, style)} ${nameOutcome(result)}`,
    result.variant ?? "",
    `${result.gate.metric} ${describeBound(result.gate.bound)}`,
    result.reason,
  ]);
  const table = layoutTable(
    rows.slice(0, 1).flatMap((row) => row.map(() => ({ title: "", align: "left" }) as const)),
    rows,
    style.columns,
  );
  return [`gates: ${summariseGates(results)}`, ...table].join("\n");
}

/** `1 of 6 gates failed, 2 inconclusive`; `4 of 6 gates passed, 2 inconclusive`, when none failed */
export function summariseGates(results: readonly GateResult[]): string {
  const count = (name: OutcomeName): number =>
    results.filter((result) => nameOutcome(result) === name).length;
  const gates = formatCount(results.length, "gate");
  const failed = count("fail");
  const head =
    failed === 0 ? `${count("pass")} of ${gates} passed` : `${failed} of ${gates} failed`;
  const doubts = (["inconclusive", "invalid", "not comparable"] as const)
    .filter((outcome) => count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${outcome}`);
  return [head, ...doubts].join(", ");
}

/** What an outcome is called where people read it: of what is invalid, a baseline of another environment is told apart. */
export type OutcomeName = GateOutcome | "not comparable";

export function nameOutcome(result: GateResult): OutcomeName {
  return causeOf(result) === "not-comparable" ? "not comparable" : result.outcome;
}

function markOutcome(outcome: GateOutcome, style: Style): string {
  switch (outcome) {
    case "pass":
      return style.good("✓");
    case "fail":
      return style.bad("✗");
    case "inconclusive":
      return style.doubt("~");
    case "invalid":
      return style.doubt("!");
  }
}

/** `≤ 0`, `≥ 100`, `= 5`, `at most 10 % worse than baseline`, `as the port model predicts ± 3 %` */
export function describeBound(bound: Gate["bound"]): string {
  switch (bound.kind) {
    case "max":
      return `≤ ${bound.value}`;
    case "min":
      return `≥ ${bound.value}`;
    case "equals":
      return `= ${bound.value}`;
    case "against": {
      const percent = Number((bound.worseBy * 100).toPrecision(12));
      return `at most ${percent} % worse than ${bound.baseline}`;
    }
    case "model":
      return `as the port model predicts ± ${Number((bound.within * 100).toPrecision(12))} %`;
  }
}
