import type { GateOutcome } from "@churnlab/core";
import { h } from "preact";
import { describeBound, nameOutcome, summariseGates } from "../../text/format-gates.ts";
import { DataTable } from "../parts/data-table.ts";
import { Mark, type Tone } from "../parts/mark.ts";
import type { Section } from "../parts/section.ts";
import type { ReportData } from "../report-data.ts";

const TONES: Readonly<Record<GateOutcome, Tone>> = {
  pass: "good",
  fail: "bad",
  inconclusive: "none",
  invalid: "doubt",
};

/** What the scenario demands of every variant, and what was found. */
export function gatesSection({ gates }: ReportData): Section | null {
  if (gates.length === 0) return null;
  const rows = gates.map((result) => [
    h("code", null, result.gate.metric),
    result.variant ?? "",
    describeBound(result.gate.bound),
    h(Mark, { tone: TONES[result.outcome] }, nameOutcome(result)),
    result.reason,
  ]);
  return {
    id: "gates",
    title: "Gates",
    lead: `Judged by all completed trials: ${summariseGates(gates)}.`,
    body: h(DataTable, {
      caption: "Gates of the scenario",
      columns: ["gate", "variant", "must be", "outcome", "found"].map((title) => ({ title })),
      rows,
    }),
  };
}
