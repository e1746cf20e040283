import {
  BLOCKS_MIN,
  formatChange,
  formatPercent,
  nameMetric,
  type VerdictKind,
} from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { type ComponentChildren, h, type JSX } from "preact";
import {
  type JudgedMetric,
  type RunComparison,
  sideNames,
  type VariantComparison,
} from "../../compare-run.ts";
import { formatValue } from "../../format-value.ts";
import { countBlocks } from "../../overview.ts";
import { formatVerdict, selectShown } from "../../text/comparison-table.ts";
import {
  describeFamilies,
  describeFewBlocks,
  findCommonGap,
  formatComparability,
} from "../../text/format-comparison.ts";
import { formatReading } from "../../text/format-reading.ts";
import { PLAIN_STYLE } from "../../text/style.ts";
import { readMetric, readVariants, type VariantReadings } from "../../variant-readings.ts";
import { keepTogether } from "../keep-together.ts";
import { DataTable, Fold } from "../parts/data-table.ts";
import { Mark, type Tone } from "../parts/mark.ts";
import type { Section } from "../parts/section.ts";
import type { ReportData } from "../report-data.ts";

/** With more pairs than this, tables are folded away. */
const OPEN_PAIRS_MAX = 3;

/** Every variant against its baseline: what moved, by how much and how surely. */
export function comparisonSection({ comparison }: Pick<ReportData, "comparison">): Section | null {
  const { variants, run, baselineRun } = comparison;
  if (variants.length === 0) return null;
  const tables = variants.map((pair) => {
    const names = sideNames(comparison, pair);
    const title =
      run === baselineRun
        ? `${names.candidate} against ${names.baseline}`
        : `${pair.candidate}: B against A`;
    const sides = findSides(comparison, pair);
    const table = h(PairTable, { pair, sides, names, title });
    return variants.length > OPEN_PAIRS_MAX ? h(Fold, { key: title, title }, table) : table;
  });
  return {
    id: "comparison",
    title: "What moved",
    lead: [
      "Medians over completed trials. A change is printed only where it can be defended; ~ stands where it cannot.",
      ...describeFamilies(variants),
    ].join(" "),
    body: tables,
  };
}

interface PairProps {
  readonly pair: VariantComparison;
  readonly sides: Sides;
  readonly names: { readonly baseline: string; readonly candidate: string };
  readonly title: string;
}

function PairTable({ pair, sides, names, title }: PairProps): JSX.Element {
  const blocks = countBlocks(pair);
  const hasFewBlocks = blocks < BLOCKS_MIN && findCommonGap(pair) === null;
  const notes = [
    ...formatComparability(pair.fingerprint, PLAIN_STYLE),
    ...(hasFewBlocks ? [describeFewBlocks(blocks)] : []),
  ];
  const isJudged = pair.fingerprint.comparable && !hasFewBlocks;
  return h(
    "div",
    null,
    notes.map((note) => h("p", { key: note, class: "note" }, note)),
    h(DataTable, {
      caption: title,
      columns: [
        { title: "metric" },
        { title: names.baseline, align: "right" },
        { title: names.candidate, align: "right" },
        { title: "change", align: "right" },
        { title: "90 % interval", align: "right" },
        { title: "n", align: "right" },
        { title: "verdict" },
      ],
      rows: selectShown(pair).map((judged) => [
        ...headOf(judged, sides),
        ...(isJudged ? judgementOf(judged) : unjudged(judged)),
      ]),
    }),
  );
}

interface Sides {
  readonly baseline: VariantReadings | undefined;
  readonly candidate: VariantReadings | undefined;
}

function findSides({ run, baselineRun }: RunComparison, pair: VariantComparison): Sides {
  return {
    baseline: findReadings(baselineRun, pair.baseline),
    candidate: findReadings(run, pair.candidate),
  };
}

function findReadings(run: StoredRun, name: string): VariantReadings | undefined {
  return readVariants(run).find(({ variant }) => variant === name);
}

interface ReadingProps {
  readonly metric: JudgedMetric["comparison"];
  readonly of: VariantReadings | undefined;
  readonly median: number | null;
}

/** A median with the range of its replicates, as `compare` prints them. */
function Reading({ metric, of, median }: ReadingProps): JSX.Element {
  const reading = of === undefined ? { values: [], never: false } : readMetric(of, metric);
  const text = keepTogether(formatReading(metric.metric, reading, { brief: true }));
  return median === null ? h("span", null, text) : h("data", { value: String(median) }, text);
}

const TONES: Readonly<Record<VerdictKind, Tone>> = {
  better: "good",
  worse: "bad",
  "no-difference": "none",
  inconclusive: "none",
  invalid: "doubt",
};

function headOf({ comparison }: JudgedMetric, sides: Sides): ComponentChildren[] {
  const { baselineMedian, candidateMedian } = comparison;
  return [
    h("code", null, nameMetric(comparison)),
    h(Reading, { metric: comparison, of: sides.baseline, median: baselineMedian }),
    h(Reading, { metric: comparison, of: sides.candidate, median: candidateMedian }),
  ];
}

/** The same cells where nothing of the table is judged, which is said once above it. */
function unjudged({ comparison: { better, n } }: JudgedMetric): string[] {
  return better === "neither" ? ["", "", "", ""] : ["~", "", String(n), ""];
}

/** change, interval, n, verdict */
function judgementOf(judged: JudgedMetric): ComponentChildren[] {
  const { comparison, verdict } = judged;
  if (comparison.better === "neither") return ["", "", "", ""];
  return [
    verdict === null ? "~" : formatChange(comparison, verdict),
    formatInterval(comparison),
    String(comparison.n),
    // The mark stands apart here, so that it has a colour of its own.
    h(
      Mark,
      { tone: verdict === null ? "doubt" : TONES[verdict.kind] },
      formatVerdict(judged, PLAIN_STYLE).replace(/^\S /, ""),
    ),
  ];
}

/** `[+56.2, +58.0] %` */
function formatInterval(comparison: JudgedMetric["comparison"]): string {
  if (comparison.basis === "budget") {
    return `${formatValue(comparison.events, "")} of ${formatValue(comparison.exposure, "")}`;
  }
  const { low, high } = comparison;
  if (low === null || high === null) return "";
  return `[${formatPercent(low).replace(/ %$/, "")}, ${formatPercent(high).replace(/ %$/, "")}]\u00a0%`;
}
