import { h, type JSX, type RefObject } from "preact";
import type { TimeChart } from "../charts/time-chart.ts";
import type { Panel } from "../html/parts/time-panels.ts";

export interface SaveButtonsProps {
  readonly panel: Panel;
  readonly title: string;
  /** Where the chart is drawn. */
  readonly element: RefObject<HTMLDivElement | null>;
}

/** Saves the numbers of a chart, all of them, or its picture. */
export function SaveButtons({ panel, title, element }: SaveButtonsProps): JSX.Element {
  const { trial, chart } = panel;
  const name = nameFile([title, trial.variant, String(trial.replicate)]);
  const saveCsv = (): void =>
    save(`${name}.csv`, new Blob([formatCsv(chart)], { type: "text/csv" }));
  const savePng = (): void => {
    element.current?.querySelector("canvas")?.toBlob((blob) => {
      if (blob !== null) save(`${name}.png`, blob);
    });
  };
  return h(
    "p",
    { class: "save" },
    "Save as ",
    h("button", { type: "button", onClick: saveCsv }, "CSV"),
    " ",
    h("button", { type: "button", onClick: savePng }, "PNG"),
  );
}

/** A line for each moment; what was not sampled then is empty. */
function formatCsv({ tMs, lines }: Pick<TimeChart, "tMs" | "lines">): string {
  const rows = tMs.map((t, i) => [
    String(t),
    ...lines.map(({ values }) => String(values[i] ?? "")),
  ]);
  const titles = ["t_ms", ...lines.map(({ label }) => label)];
  return `${[titles, ...rows].map((row) => row.map(quote).join(",")).join("\n")}\n`;
}

/** RFC 4180. A text that a spreadsheet would take for a formula is kept from being one. */
function quote(cell: string): string {
  const text = /^[=+@\t]|^-\D/.test(cell) ? `'${cell}` : cell;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function nameFile(parts: readonly string[]): string {
  return parts
    .join("-")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
