import { describeMetric, nameMetric } from "@churnlab/core";
import { h, type JSX } from "preact";
import { type CapacityRow, drawCapacity } from "../../charts/draw-capacity.ts";
import type { RunComparison } from "../../compare-run.ts";
import { gradeRun } from "../../grade-run.ts";
import { describeComparisonVerdict } from "../../html/describe-verdict.ts";
import { DataTable } from "../../html/parts/data-table.ts";
import { SvgFigure } from "../../html/parts/figure.ts";
import { listFacts } from "../../html/parts/page-header.ts";
import { SectionView } from "../../html/parts/section.ts";
import { VerdictBanner } from "../../html/parts/verdict-banner.ts";
import { capacityMetric, readCapacity } from "../../html/sections/capacity.ts";
import { comparisonSection } from "../../html/sections/comparison.ts";
import { readVariants } from "../../variant-readings.ts";

/** Two runs, variant by variant: the second against the first. */
export function ComparePage({ comparison }: { readonly comparison: RunComparison }): JSX.Element {
  const { run, baselineRun } = comparison;
  const section = comparisonSection({ comparison });
  return h(
    "main",
    { class: "page compare" },
    h("h1", null, `${run.runId} against ${baselineRun.runId}`),
    h(
      "dl",
      { class: "sentences" },
      h("dt", null, "A"),
      h(
        "dd",
        null,
        h(
          "a",
          { href: `/runs/${baselineRun.runId}` },
          `${baselineRun.scenario}: ${listFacts(baselineRun).join(", ")}`,
        ),
      ),
      h("dt", null, "B"),
      h(
        "dd",
        null,
        h("a", { href: `/runs/${run.runId}` }, `${run.scenario}: ${listFacts(run).join(", ")}`),
      ),
    ),
    h(VerdictBanner, { verdict: describeComparisonVerdict(comparison) }),
    h(Capacities, { comparison }),
    h(Differences, { comparison }),
    section === null ? null : h(SectionView, section),
  );
}

/** What every variant carried in A and in B, side by side. */
function Capacities({ comparison }: { readonly comparison: RunComparison }): JSX.Element | null {
  const { run, baselineRun, variants } = comparison;
  const key = capacityMetric({ run });
  const [ofA, ofB] = [baselineRun, run].map((one) =>
    readCapacity({ run: one, readings: readVariants(one), forecasts: gradeRun(one) }, key),
  );
  const rows = variants.flatMap(({ baseline, candidate }) => [
    ...rowsNamed("A", ofA ?? [], baseline),
    ...rowsNamed("B", ofB ?? [], candidate),
  ]);
  if (rows.every(({ values }) => values.length === 0)) return null;
  const unit = describeMetric(key.metric)?.unit ?? "";
  const title = `${nameMetric(key)} of A and B`;
  return h(SvgFigure, {
    svg: drawCapacity(rows.slice(0, ROWS_MAX), { unit, title }),
    caption: [
      h("code", null, nameMetric(key)),
      `: every tick is a replicate, the dot their median${rows.length > ROWS_MAX ? `; the first ${ROWS_MAX / 2} variants` : ""}.`,
    ],
  });
}

/** A figure with more rows than this is longer than a screen. */
const ROWS_MAX = 40;

function rowsNamed(side: "A" | "B", rows: readonly CapacityRow[], variant: string): CapacityRow[] {
  return rows
    .filter((row) => row.variant === variant)
    .map((row) => ({ ...row, variant: `${side} ${row.variant}` }));
}

/** In what the two runs' environments differ, meant or not. */
function Differences({ comparison }: { readonly comparison: RunComparison }): JSX.Element | null {
  const rows = comparison.variants.flatMap(({ candidate, fingerprint }) =>
    fingerprint.differences.map(({ key, baseline, candidate: value, excuse }) => [
      h("code", null, key),
      candidate,
      baseline ?? "–",
      value ?? "–",
      excuse ?? "not meant",
    ]),
  );
  if (rows.length === 0) return null;
  return h(DataTable, {
    caption: "What differs besides the numbers",
    columns: ["fact", "variant", "A", "B", "why"].map((title) => ({ title })),
    rows,
  });
}
