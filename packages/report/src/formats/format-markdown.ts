import {
  BLOCKS_MIN,
  formatChange,
  formatPercent,
  type GateResult,
  nameMetric,
} from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import {
  type JudgedMetric,
  type RunComparison,
  sideNames,
  type VariantComparison,
} from "../compare-run.ts";
import { describePhysics } from "../describe-physics.ts";
import { formatTime, formatValue } from "../format-value.ts";
import { buildOverviews, countBlocks, type Overview } from "../overview.ts";
import { tabulateGrades } from "../tabulate-grades.ts";
import { formatVerdict, selectShown } from "../text/comparison-table.ts";
import { formatDoubts, formatFindings } from "../text/format-comparison.ts";
import { describeBound, nameOutcome, summariseGates } from "../text/format-gates.ts";
import { countTrials } from "../text/format-run-list.ts";
import { formatTrialNotes } from "../text/format-trial-notes.ts";
import { tabulateOverview } from "../text/layout-overview.ts";
import { PLAIN_STYLE } from "../text/style.ts";
import { unitOf } from "../unit-of.ts";

/** GitHub refuses a step summary above 1 MiB; a comment above 65 536 characters. */
const BYTES_MAX = 1_000_000;

/**
 * A comparison as GitHub-flavoured Markdown for a step summary: gates first, then what `compare` prints, and every metric
 * behind a fold for each variant. What does not fit into a step summary is cut at a line, and said to be.
 */
export function formatMarkdown(
  comparison: RunComparison,
  gates: readonly GateResult[] = [],
): string {
  const { run, variants } = comparison;
  const facts = run.environment?.facts ?? {};
  const sections = [
    `### ${escape(run.scenario)}`,
    `run \`${run.runId}\` · ${formatTime(run.startedAtUnixMs)} · ${countTrials(run)} · Linux ${escape(facts["kernel.release"] ?? "?")} · ${facts["cpu.count"] ?? "?"} CPUs`,
    formatGateTable(gates),
    formatTrialNotes(run, PLAIN_STYLE)
      .map((line) => `> ${escape(line)}`)
      .join("\n>\n"),
    formatPhysics(run),
    ...buildOverviews(comparison).map((overview) => formatOverview(comparison, overview)),
    ...variants.map((pair) => formatFold(comparison, pair)),
  ];
  return cut(`${sections.filter((section) => section !== "").join("\n\n")}\n`);
}

function formatGateTable(gates: readonly GateResult[]): string {
  if (gates.length === 0) return "";
  const rows = gates.map((result) => [
    `${GATE_MARKS[result.outcome]} ${nameOutcome(result)}`,
    result.variant ?? "",
    `\`${result.gate.metric}\` ${describeBound(result.gate.bound)}`,
    result.reason,
  ]);
  const table = markdownTable(["gate", "variant", "must be", "found"], rows);
  return `**${summariseGates(gates)}**\n\n${table}`;
}

const GATE_MARKS = { pass: "✅", fail: "❌", inconclusive: "❔", invalid: "⚠️" } as const;

/** What one trial is enough to claim. */
function formatPhysics(run: StoredRun): string {
  const table = tabulateGrades(run);
  return [
    describePhysics(run).map(escape).join("  \n"),
    table === null ? "" : markdownTable(table.titles, table.rows),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function formatOverview(comparison: RunComparison, overview: Overview): string {
  const pairs = overview.columns.flatMap(({ pair }) => (pair === null ? [] : [pair]));
  const { titles, rows } = tabulateOverview(overview);
  return [
    overview.title === null ? "" : `#### ${escape(overview.title)}`,
    formatDoubts(pairs, PLAIN_STYLE).map(escape).join("  \n"),
    markdownTable(titles, rows.map(markMetric)),
    formatFindings(comparison, pairs).map(escape).join("  \n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** The name of the metric as code. */
function markMetric([name = "", ...cells]: readonly string[]): string[] {
  return [name.replace(/^\S+/, "`$&`"), ...cells];
}

function formatFold(comparison: RunComparison, pair: VariantComparison): string {
  const names = sideNames(comparison, pair);
  const isJudged = countBlocks(pair) >= BLOCKS_MIN;
  const shown = selectShown(pair, { all: true }).map((metric) =>
    isJudged ? metric : { ...metric, verdict: null },
  );
  const table = formatMetrics(names, shown, isJudged);
  return `<details><summary>every metric of ${escape(pair.candidate)}</summary>\n\n${table}\n\n</details>`;
}

function formatMetrics(
  names: { readonly baseline: string; readonly candidate: string },
  metrics: readonly JudgedMetric[],
  isJudged: boolean,
): string {
  const head = [
    "metric",
    names.baseline,
    names.candidate,
    "change",
    "90 % interval",
    "n",
    "verdict",
  ];
  // Why there is no verdict at all is said once, above.
  const rows = metrics.map(formatRow).map((row) => (isJudged ? row : [...row.slice(0, -1), ""]));
  return markdownTable(head, rows);
}

function formatRow({ comparison, verdict }: JudgedMetric): string[] {
  const { role, metric, low, high, baselineMedian, candidateMedian, n, better } = comparison;
  const unit = unitOf(metric);
  const interval =
    low === null || high === null ? "" : `${formatPercent(low)} to ${formatPercent(high)}`;
  const isJudged = better !== "neither";
  return [
    `\`${nameMetric({ role, metric })}\``,
    formatValue(baselineMedian, unit),
    formatValue(candidateMedian, unit),
    isJudged ? (verdict === null ? "~" : formatChange(comparison, verdict)) : "",
    isJudged ? interval : "",
    String(n),
    formatVerdict({ comparison, verdict }, PLAIN_STYLE),
  ];
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableLine(head), `|${" --- |".repeat(head.length)}`, ...rows.map(tableLine)].join("\n");
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map(escapeCell).join(" | ")} |`;
}

/** Cells may hold code spans; in everything else, what Markdown and HTML would read as markup is escaped. */
function escapeCell(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part.replaceAll("|", "\\|") : escape(part)))
    .join("");
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/([\\`*_[\]|~#])/g, "\\$1")
    .replaceAll(/\s*\n\s*/g, " ");
}

function cut(text: string): string {
  if (Buffer.byteLength(text) <= BYTES_MAX) return text;
  const note =
    "\n\n*cut: more than a step summary holds; `churnlab compare --json` has everything*\n";
  const room = Buffer.from(text)
    .subarray(0, BYTES_MAX - Buffer.byteLength(note))
    .toString();
  const folds =
    room.lastIndexOf("<details>") > room.lastIndexOf("</details>") ? "\n\n</details>" : "";
  return room.slice(0, room.lastIndexOf("\n")) + folds + note;
}
