import { countHistogram, LATENCY_QUANTILES, type LatencyMetric, quantileUs } from "@churnlab/core";
import type { VariantHistogram } from "@churnlab/store";
import { h, type JSX } from "preact";
import { CURVES_MAX, drawLatencyEcdf, variantStyle } from "../../charts/draw-latency-ecdf.ts";
import { formatValue } from "../../format-value.ts";
import { LongTable } from "../parts/data-table.ts";
import { SvgFigure } from "../parts/figure.ts";
import type { Section } from "../parts/section.ts";
import { Value } from "../parts/value.ts";
import { VariantLegend } from "../parts/variant-legend.ts";
import type { ReportData } from "../report-data.ts";

/** The latencies that have a figure, with what they are; the others are in the table. */
const DRAWN: Readonly<Partial<Record<LatencyMetric, string>>> = {
  connect: "connect(): from the call until the connection is established",
  request: "Request: from sending it until the whole response is there",
};

/** Latencies of everything that succeeded, over the completed trials of each variant. */
export function latencySection({ histograms }: ReportData): Section | null {
  const filled = histograms.filter((histogram) => countHistogram(histogram) > 0);
  if (filled.length === 0) return null;
  const figures = Object.entries(DRAWN).flatMap(([metric, words]) => {
    const curves = filled.filter((histogram) => histogram.metric === metric);
    return curves.length === 0 ? [] : [h(EcdfFigure, { key: metric, words, curves })];
  });
  return {
    id: "latency",
    title: "Latency by percentile",
    lead: "Successes only, merged bucket by bucket over the completed trials of a variant; quantiles are never averaged.",
    body: [
      ...figures,
      h(LongTable, {
        caption: "Latency quantiles by variant",
        columns: [
          { title: "latency" },
          { title: "variant" },
          { title: "count", align: "right" },
          ...LATENCY_QUANTILES.map(({ title }) => ({ title, align: "right" as const })),
        ],
        rows: filled.map((histogram) => [
          histogram.metric,
          histogram.variant,
          h(Value, { value: countHistogram(histogram) }),
          ...LATENCY_QUANTILES.map(({ share }) =>
            h(Value, { value: quantileUs(histogram, share), unit: "us" }),
          ),
        ]),
      }),
    ],
  };
}

function EcdfFigure({
  words,
  curves,
}: {
  readonly words: string;
  readonly curves: readonly VariantHistogram[];
}): JSX.Element {
  const summary = curves
    .map(
      (curve) =>
        `${curve.variant}: p50 ${formatValue(quantileUs(curve, 0.5), "us")}, p99 ${formatValue(quantileUs(curve, 0.99), "us")}`,
    )
    .join("; ");
  const svg = drawLatencyEcdf(
    curves.map((histogram) => ({ variant: histogram.variant, histogram })),
    { title: words, summary: `${summary}.` },
  );
  const rest = curves.length - CURVES_MAX;
  const more = rest > 0 ? ` The first ${CURVES_MAX} of ${curves.length} variants are drawn.` : "";
  const caption = `${words}. Every ten-fold of the tail has the same room, so that p99.9 can be read as well as p90.${more}`;
  const variants = curves.slice(0, CURVES_MAX).map(({ variant }) => variant);
  return h(SvgFigure, { svg, caption }, h(VariantLegend, { variants, styleOf: variantStyle }));
}
