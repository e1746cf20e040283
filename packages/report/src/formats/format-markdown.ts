import { formatChange, formatPercent, type GateResult } from "@churnlab/core";
import {
  type JudgedMetric,
  type RunComparison,
  sideNames,
  titleVariant,
  type VariantComparison,
} from "../compare-run.ts";
import { formatTime, formatValue } from "../format-value.ts";
import { formatVerdict, selectShown } from "../text/comparison-table.ts";
import { formatComparability } from "../text/format-comparison.ts";
import { describeBound, summariseGates } from "../text/format-gates.ts";
import { formatTrials } from "../text/format-run-list.ts";
import { formatTrialNotes } from "../text/format-trial-notes.ts";
import { PLAIN_STYLE } from "../text/style.ts";
import { unitOf } from "../unit-of.ts";

/** GitHub refuses a step summary above 1 MiB; a comment above 65 536 characters. */
const BYTES_MAX = 1_000_000;

/**
 * A comparison as GitHub-flavoured Markdown for a step summary: gates first, then a table for each variant with what
 * matters, and every metric behind a fold. What does not fit into a step summary is cut at a line, and said to be.
 */
export function formatMarkdown(
  comparison: RunComparison,
  gates: readonly GateResult[] = [],
): string {
  const { run, variants } = comparison;
  const facts = run.environment?.facts ?? {};
  const sections = [
    `### ${escape(run.scenario)}`,
    `run \`${run.runId}\` · ${formatTime(run.startedAtUnixMs)} · ${formatTrials(run)} trials · Linux ${escape(facts["kernel.release"] ?? "?")} · ${facts["cpu.count"] ?? "?"} CPUs`,
    formatGateTable(gates),
    formatTrialNotes(run, PLAIN_STYLE)
      .map((line) => `> ${escape(line)}`)
      .join("\n>\n"),
    ...variants.map((pair) => formatPair(comparison, pair)),
    ...variants.map((pair) => formatFold(comparison, pair)),
  ];
  return cut(`${sections.filter((section) => section !== "").join("\n\n")}\n`);
}

function formatGateTable(gates: readonly GateResult[]): string {
  if (gates.length === 0) return "";
  const rows = gates.map(({ gate, variant, outcome, reason }) => [
    `${GATE_MARKS[outcome]} ${outcome}`,
    variant ?? "",
    `\`${gate.metric}\` ${describeBound(gate.bound)}`,
    reason,
  ]);
  const table = markdownTable(["gate", "variant", "must be", "found"], rows);
  return `**${summariseGates(gates)}**\n\n${table}`;
}

const GATE_MARKS = { pass: "✅", fail: "❌", inconclusive: "❔", invalid: "⚠️" } as const;

function formatPair(comparison: RunComparison, pair: VariantComparison): string {
  const names = sideNames(comparison, pair);
  const notes = formatComparability(pair.fingerprint, PLAIN_STYLE).map(escape);
  const table = formatMetrics(names, selectShown(pair));
  const title = `#### ${escape(titleVariant(comparison, pair))}`;
  return [title, notes.join("  \n"), table].filter((part) => part !== "").join("\n\n");
}

function formatFold(comparison: RunComparison, pair: VariantComparison): string {
  const names = sideNames(comparison, pair);
  const table = formatMetrics(names, selectShown(pair, { all: true }));
  return `<details><summary>every metric of ${escape(pair.candidate)}</summary>\n\n${table}\n\n</details>`;
}

function formatMetrics(
  names: { readonly baseline: string; readonly candidate: string },
  metrics: readonly JudgedMetric[],
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
  return markdownTable(head, metrics.map(formatRow));
}

function formatRow({ comparison, verdict }: JudgedMetric): string[] {
  const { role, metric, low, high, baselineMedian, candidateMedian, n, better } = comparison;
  const unit = unitOf(metric);
  const interval =
    low === null || high === null ? "" : `${formatPercent(low)} to ${formatPercent(high)}`;
  const isJudged = better !== "neither";
  return [
    `\`${role}.${metric}\``,
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
