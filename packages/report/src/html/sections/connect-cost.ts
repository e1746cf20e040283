import { CONNECT_COST_BANDS } from "@churnlab/core";
import { h } from "preact";
import { drawConnectCost } from "../../charts/draw-connect-cost.ts";
import { CURVES_MAX, variantStyle } from "../../charts/draw-latency-ecdf.ts";
import { formatValue } from "../../format-value.ts";
import { keepTogether } from "../keep-together.ts";
import { LongTable } from "../parts/data-table.ts";
import { SvgFigure } from "../parts/figure.ts";
import type { Section } from "../parts/section.ts";
import { Value } from "../parts/value.ts";
import { VariantLegend } from "../parts/variant-legend.ts";
import type { TrialConnectCost } from "../read-connect-costs.ts";
import type { ReportData } from "../report-data.ts";

/** What connect() costs the more local ports are taken: the cliff comes before the error. */
export function connectCostSection({
  run,
  connectCosts,
}: Pick<ReportData, "run" | "connectCosts">): Section | null {
  const first = run.variantList.flatMap(
    ({ name }) => connectCosts.find(({ variant }) => variant === name) ?? [],
  );
  const drawn = first.slice(0, CURVES_MAX);
  if (drawn.length === 0) return null;
  const title = "connect() against port use";
  const svg = drawConnectCost(drawn, { title, summary: describeCurves(drawn) });
  return {
    id: "connect-cost",
    title,
    lead: "Linux looks for a port of one parity first. From half of the range on it walks through all of those before it comes to the others, so connect() becomes slow long before it fails.",
    body: [
      h(
        SvgFigure,
        {
          svg,
          caption:
            "Mean of all calls at each percent of the range, of the first trial of each variant; the dashed line is half of the range.",
        },
        h(VariantLegend, { variants: drawn.map(({ variant }) => variant), styleOf: variantStyle }),
      ),
      h(LongTable, {
        caption: "Mean connect() by port use, the first trial of each variant",
        columns: [
          { title: "variant" },
          { title: "calls", align: "right" },
          ...CONNECT_COST_BANDS.map(({ from, to }) => ({
            title: `${from} to ${to} %`,
            align: "right" as const,
          })),
        ],
        rows: first.map(({ variant, summary: { calls, meansUs } }) => [
          variant,
          h(Value, { value: calls }),
          ...meansUs.map((value) => h(Value, { value, unit: "us" })),
        ]),
      }),
    ],
  };
}

function describeCurves(curves: readonly TrialConnectCost[]): string {
  const parts = curves.map(({ variant, summary: { meansUs } }) => {
    const [below = null, above = null] = [meansUs.at(0), meansUs.at(-1)];
    return `${variant}: ${formatValue(below, "us")} below a quarter of the range, ${formatValue(above, "us")} above three quarters`;
  });
  return keepTogether(`${parts.join("; ")}.`);
}
