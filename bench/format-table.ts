import type { BenchRow, Target } from "./benchmark.ts";

const HEADER = ["what", "median", "unit", "lowest … highest", "target", ""];

/** The rows as an aligned Markdown table, as `docs/benchmarks.md` keeps them. */
export function formatTable(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.id,
    formatFigure(row.value),
    row.unit,
    `${formatFigure(row.low)} … ${formatFigure(row.high)}`,
    row.target === null ? "" : formatTarget(row.target),
    row.met === null ? "" : row.met ? "✓" : "✗",
  ]);
  const widths = HEADER.map((title, i) =>
    Math.max(3, ...[title, ...cells.map((line) => line[i] ?? "")].map((cell) => cell.length)),
  );
  const line = (texts: readonly string[]) =>
    `| ${texts.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(HEADER), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join(
    "\n",
  );
}

function formatTarget(target: Target): string {
  return "max" in target ? `≤ ${formatFigure(target.max)}` : `≥ ${formatFigure(target.min)}`;
}

/** Three significant digits below a thousand, whole numbers above. */
function formatFigure(value: number): string {
  return Math.abs(value) >= 1000
    ? Math.round(value).toString()
    : Number(value.toPrecision(3)).toString();
}
