import { claimsDifference, describeMetric, formatChange, nameMetric } from "@churnlab/core";
import stringWidth from "string-width";
import type { JudgedMetric } from "../compare-run.ts";
import {
  findJudged,
  isJudged,
  type Overview,
  type OverviewColumn,
  type OverviewRow,
} from "../overview.ts";
import type { TextTable } from "../tabulate-grades.ts";
import { formatJudgement } from "./comparison-table.ts";
import { formatReading } from "./format-reading.ts";
import { layoutTable } from "./layout-table.ts";
import { PLAIN_STYLE, proseColumns, type Style } from "./style.ts";

/**
 * A line for each metric and a column for each variant; with one candidate and enough blocks also the change, its
 * interval and the verdict, with several their sign beside the median. Where that is too wide, two candidates get a table
 * each, and more a line each with the metrics as columns.
 */
export function layoutOverview(overview: Overview, style: Style = PLAIN_STYLE): string[] {
  const { titles, rows } = tabulateOverview(overview, style);
  const screenColumns = proseColumns(style);
  const columns = titles.map((title, i) => ({ title, align: alignOf(title, i) }));
  const lines = layoutTable(columns, rows);
  const [baseline, ...candidates] = overview.columns;
  if (baseline === undefined || candidates.length < 2 || fits(lines, screenColumns)) {
    return layoutTable(columns, rows, style.columns);
  }
  if (candidates.length > 2) return layoutVariants({ titles, rows }, style);
  return candidates.flatMap((candidate, i) => [
    ...(i === 0 ? [] : [""]),
    ...layoutOverview(pickColumns(overview, [baseline, candidate]), style),
  ]);
}

function fits(lines: readonly string[], screenColumns: number): boolean {
  return lines.every((line) => stringWidth(line) <= screenColumns);
}

/** A line for each variant; tables below each other, each with as many metrics as fit. */
function layoutVariants({ titles: [, ...variants], rows }: TextTable, style: Style): string[] {
  const layout = (part: readonly (readonly string[])[], width?: number): string[] =>
    layoutTable(
      ["median (range)", ...part.map(([name = ""]) => name.replace(/^client\./, ""))].map(
        (title, i) => ({ title, align: alignOf(title, i) }),
      ),
      variants.map((variant, i) => [variant, ...part.map((row) => row[i + 1] ?? "")]),
      width,
    );
  const screenColumns = proseColumns(style);
  const tables: string[][] = [];
  for (let first = 0; first < rows.length; ) {
    let end = first + 1;
    while (end < rows.length && fits(layout(rows.slice(first, end + 1)), screenColumns)) end++;
    tables.push(layout(rows.slice(first, end), style.columns));
    first = end;
  }
  return tables.flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}

function alignOf(title: string, i: number): "left" | "right" {
  return i === 0 || title === "verdict" ? "left" : "right";
}

function pickColumns(overview: Overview, columns: readonly OverviewColumn[]): Overview {
  const places = columns.map((column) => overview.columns.indexOf(column));
  const rows = overview.rows.map(({ key, readings }) => {
    return { key, readings: places.map((i) => readings[i] as OverviewRow["readings"][number]) };
  });
  return { ...overview, columns, rows };
}

/** The cells of an overview, the same in a terminal and in Markdown. */
export function tabulateOverview(
  { columns, rows }: Overview,
  style: Style = PLAIN_STYLE,
): TextTable {
  const candidates = columns.filter(({ pair }) => pair !== null);
  const [only] = candidates;
  const hasColumns = candidates.length === 1 && only !== undefined && isJudged(only);
  return {
    titles: [
      "median (range)",
      ...columns.map(({ title }) => title),
      ...(hasColumns ? ["change", "90 % interval", "n", "verdict"] : []),
    ],
    rows: rows.map((row) => [
      `${nameMetric(row.key)} ${arrowOf(row.key.metric)}`.trimEnd(),
      ...columns.map((column, i) => {
        const reading = formatReading(row.key.metric, row.readings[i] ?? NOTHING, { brief: true });
        return hasColumns ? reading : reading + formatSign(findJudgedIn(column, row), style);
      }),
      ...(hasColumns ? formatVerdictCells(findJudgedIn(only, row), style) : []),
    ]),
  };
}

const NOTHING = { values: [], never: false };

/** Which way is better. */
function arrowOf(metric: string): string {
  const { better = "neither" } = describeMetric(metric) ?? {};
  return { higher: "↑", lower: "↓", neither: "" }[better];
}

function findJudgedIn(column: OverviewColumn, { key }: OverviewRow): JudgedMetric | undefined {
  return isJudged(column) ? findJudged(column, key) : undefined;
}

function formatVerdictCells(judged: JudgedMetric | undefined, style: Style): string[] {
  return judged === undefined ? [] : formatJudgement(judged, style);
}

/** `  +56.2 % ✓` beside a median, `  ~` where no difference is claimed; nothing where nothing is judged. */
function formatSign(judged: JudgedMetric | undefined, style: Style): string {
  if (judged === undefined || judged.comparison.better === "neither") return "";
  const { comparison, verdict } = judged;
  if (verdict === null || !claimsDifference(verdict)) return "  ~";
  const mark = verdict.kind === "better" ? style.good("✓") : style.bad("✗");
  return `  ${formatChange(comparison, verdict)} ${mark}`;
}
