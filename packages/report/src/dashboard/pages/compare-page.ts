import { h, type JSX } from "preact";
import type { RunComparison } from "../../compare-run.ts";
import { describeComparisonVerdict } from "../../html/describe-verdict.ts";
import { DataTable } from "../../html/parts/data-table.ts";
import { listFacts } from "../../html/parts/page-header.ts";
import { SectionView } from "../../html/parts/section.ts";
import { VerdictBanner } from "../../html/parts/verdict-banner.ts";
import { comparisonSection } from "../../html/sections/comparison.ts";

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
    h(Differences, { comparison }),
    section === null ? null : h(SectionView, section),
  );
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
