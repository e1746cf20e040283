import {
  BLOCKS_MIN,
  type Comparison,
  formatChange,
  formatPercent,
  nameMetric,
} from "@churnlab/core";
import {
  type JudgedMetric,
  type RunComparison,
  selectHeadlines,
  type VariantComparison,
} from "../compare-run.ts";
import { formatValue } from "../format-value.ts";
import { groupMetrics, type MetricGroup } from "../metric-groups.ts";
import { countBlocks } from "../overview.ts";
import { readMetric, readVariants, type VariantReadings } from "../variant-readings.ts";
import type { FormatOptions } from "./format-options.ts";
import { formatReading } from "./format-reading.ts";
import { layoutTable, type TableRow } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

/** The metrics of a comparison that a table shows, in the order in which it shows them. */
export function selectShown(pair: VariantComparison, options: FormatOptions = {}): JudgedMetric[] {
  return groupShown(pair, options).flatMap(({ members }) => members);
}

function groupShown(
  { metrics }: VariantComparison,
  { all = false }: FormatOptions,
): MetricGroup<JudgedMetric>[] {
  const headlines = new Set(selectHeadlines(metrics.map(({ comparison }) => comparison)));
  const shown = metrics.filter(({ comparison }) => all || headlines.has(comparison));
  return groupMetrics(shown, ({ comparison }) => comparison.metric);
}

/** A line for each metric: both medians with their replicates, and what may be said of the difference. */
export function layoutComparison(
  { run, baselineRun }: RunComparison,
  pair: VariantComparison,
  options: FormatOptions = {},
): string[] {
  const from = findVariant(baselineRun, pair.baseline);
  const to = findVariant(run, pair.candidate);
  const rows = groupShown(pair, options).flatMap(({ title, members }): TableRow[] => [
    { heading: title },
    ...members.map(({ comparison, verdict }) => [
      `  ${nameMetric(comparison)}`,
      ARROWS[comparison.better],
      formatReading(comparison.metric, readMetric(from, comparison), options),
      formatReading(comparison.metric, readMetric(to, comparison), options),
      ...(countBlocks(pair) < BLOCKS_MIN
        ? formatUnjudged(comparison)
        : formatJudgement({ comparison, verdict }, options.style ?? PLAIN_STYLE)),
    ]),
  ]);
  const isOneRun = run === baselineRun;
  return layoutTable(
    [
      { title: "median (replicates)", align: "left" },
      { title: "", align: "left" },
      { title: isOneRun ? pair.baseline : `A ${baselineRun.runId}`, align: "right" },
      { title: isOneRun ? pair.candidate : `B ${run.runId}`, align: "right" },
      { title: "change", align: "right" },
      { title: "90 % interval", align: "right" },
      { title: "n", align: "right" },
      { title: "verdict", align: "left" },
    ],
    rows,
    options.style?.columns,
  );
}

/** Which way is better. */
const ARROWS = { higher: "↑", lower: "↓", neither: " " } as const;

function findVariant(run: RunComparison["run"], name: string): VariantReadings {
  return readVariants(run).find(({ variant }) => variant === name) ?? { variant: name, trials: [] };
}

/** The same cells where there are too few blocks to judge anything, which is said once for all of them. */
function formatUnjudged({ better, basis, n }: Comparison): string[] {
  return better === "neither" ? ["", "", "", ""] : ["~", "", basis === "none" ? "" : String(n), ""];
}

/** change, interval, n, verdict */
export function formatJudgement({ comparison, verdict }: JudgedMetric, style: Style): string[] {
  if (comparison.better === "neither") return ["", "", "", ""];
  const n = comparison.basis === "none" ? "" : String(comparison.n);
  if (verdict === null) return ["~", "", n, formatVerdict({ comparison, verdict }, style)];
  return [
    formatChange(comparison, verdict),
    formatInterval(comparison),
    n,
    formatVerdict({ comparison, verdict }, style),
  ];
}

function formatInterval(comparison: Comparison): string {
  if (comparison.basis === "budget") {
    return `${formatValue(comparison.events, "")} of ${formatValue(comparison.exposure, "")}`;
  }
  const { low, high } = comparison;
  if (low === null || high === null) return "";
  return `[${formatPercent(low)}, ${formatPercent(high)}]`
    .replace(" %,", ",")
    .replace(" %]", "] %");
}

/** A mark and a few words; `~` wherever no difference is claimed. The whole reason is in `describeVerdict`. */
export function formatVerdict({ comparison, verdict }: JudgedMetric, style: Style): string {
  if (comparison.better === "neither") return "";
  if (verdict === null) return `${style.doubt("~")} not comparable`;
  const { kind, reason } = verdict;
  switch (kind) {
    case "better":
      return `${style.good("✓")} better`;
    case "worse":
      return `${style.bad("✗")} WORSE`;
    case "no-difference":
      return "~ no difference";
    case "inconclusive":
      return `${style.doubt("~")} ${comparison.basis === "none" ? reason : shorten(reason)}`;
    case "invalid":
      return `${style.doubt("!")} ${reason}`;
  }
}

/** The same reason stands in many lines of a table, so it is `need ≥ 10 blocks` there, `none seen`, or just `unclear`. */
function shorten(reason: string): string {
  if (reason.startsWith("no event in")) return "none seen";
  if (/^only \d+ observations/.test(reason)) return "too few observations";
  return /^need ≥ \d+ blocks/.exec(reason)?.[0] ?? "unclear";
}
