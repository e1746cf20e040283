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

/** Shares of the range whose cost the table shows. */
const BANDS = [
  { from: 0, to: 25 },
  { from: 25, to: 50 },
  { from: 50, to: 75 },
  { from: 75, to: 100 },
] as const;

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
          ...BANDS.map(({ from, to }) => ({
            title: `${from} to ${to} %`,
            align: "right" as const,
          })),
        ],
        rows: first.map(({ variant, points }) => [
          variant,
          h(Value, { value: points.reduce((sum, { count }) => sum + count, 0) }),
          ...BANDS.map((band) => h(Value, { value: meanOf(points, band), unit: "us" })),
        ]),
      }),
    ],
  };
}

function meanOf(
  points: TrialConnectCost["points"],
  { from, to }: (typeof BANDS)[number],
): number | null {
  const inBand = points.filter(({ percent }) => percent >= from && (percent < to || to === 100));
  const calls = inBand.reduce((sum, { count }) => sum + count, 0);
  if (calls === 0) return null;
  return inBand.reduce((sum, { count, meanUs }) => sum + count * meanUs, 0) / calls;
}

function describeCurves(curves: readonly TrialConnectCost[]): string {
  const [lowest, , , highest] = BANDS;
  const parts = curves.map(({ variant, points }) => {
    const [below, above] = [meanOf(points, lowest), meanOf(points, highest)];
    return `${variant}: ${formatValue(below, "us")} below a quarter of the range, ${formatValue(above, "us")} above three quarters`;
  });
  return keepTogether(`${parts.join("; ")}.`);
}
