import { signal } from "@preact/signals";
import { h, type JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { TimeChartId } from "../charts/chart-trial.ts";
import { formatMoment } from "../charts/format-moment.ts";
import { formatValue } from "../format-value.ts";
import { keepTogether } from "../html/keep-together.ts";
import { ChartTable } from "../html/parts/chart-table.ts";
import { Fold } from "../html/parts/data-table.ts";
import { EventList } from "../html/parts/event-list.ts";
import {
  listsEvents,
  type Panel,
  panelTitle,
  Swatch,
  TIME_CHART_WORDS,
} from "../html/parts/time-panels.ts";
import { PlotArea } from "./plot-area.ts";
import type { PlotGroup } from "./plot-group.ts";
import { SaveButtons } from "./save-buttons.ts";
import { TimePlot } from "./time-plot.ts";

export interface TimePanelProps {
  readonly id: TimeChartId;
  readonly panel: Panel;
  readonly group: PlotGroup;
  /** Without the numbers behind it, as in a live view. */
  readonly bare?: boolean;
}

/** One chart of one trial with its legend, its sentence, its events and its numbers. */
export function TimePanel({ id, panel, group, bare = false }: TimePanelProps): JSX.Element {
  const { trial, chart, frame } = panel;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<TimePlot | null>(null);
  const cursor = useMemo(() => signal<number | null>(null), []);
  const input = { chart, frame, phases: trial.phases, markers: trial.markers };
  const lines = chart.lines.map(({ label, low }) =>
    low === null ? label : `${label} with extremes`,
  );
  const shape = `${trial.trialId} ${lines.join(" ")}`;
  useEffect(() => {
    const onCursor = (index: number | null): void => {
      cursor.value = index;
    };
    const made = new TimePlot(input, {
      element: element.current as HTMLDivElement,
      group,
      onCursor,
    });
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
    // Another trial or other lines need another plot, also lines that have got extremes; more numbers do not.
  }, [shape]);
  useEffect(() => plot.current?.update(input), [panel]);
  const title = panelTitle(trial);
  const caption = `${TIME_CHART_WORDS[id].title}: ${title}`;
  return h(
    "figure",
    { class: "panel" },
    h("h4", null, title),
    h(PlotArea, {
      elementRef: element,
      label: `${caption}. ${chart.summary}`,
      chart,
      cursor,
      onPoint: (tMs) => group.pointAt(tMs),
    }),
    h(LiveLegend, {
      panel,
      cursor,
      onToggle: (line, isShown) => plot.current?.showLine(line, isShown),
    }),
    bare ? null : h(SaveButtons, { panel, title: TIME_CHART_WORDS[id].title, element }),
    bare ? null : h("figcaption", null, keepTogether(chart.summary)),
    !bare && listsEvents(trial, id)
      ? h(EventList, { markers: trial.markers, onChoose: (tMs) => group.pointAt(tMs) })
      : null,
    bare ? null : h(Fold, { title: "Show data" }, h(ChartTable, { chart, caption })),
  );
}

interface LiveLegendProps {
  readonly panel: Panel;
  readonly cursor: { readonly value: number | null };
  readonly onToggle: (line: number, isShown: boolean) => void;
}

/** The lines of a chart with their values at the cursor; each can be switched off. */
function LiveLegend({ panel: { chart }, cursor, onToggle }: LiveLegendProps): JSX.Element {
  const hidden = useMemo(() => signal<ReadonlySet<number>>(new Set()), []);
  const toggle = (line: number): void => {
    const next = new Set(hidden.value);
    const isShown = next.delete(line);
    if (!isShown) next.add(line);
    hidden.value = next;
    onToggle(line, isShown);
  };
  const index = cursor.value;
  const at = index === null ? null : chart.tMs[index];
  return h(
    "ul",
    { class: "legend" },
    chart.lines.map((line, i) =>
      h(
        "li",
        { key: line.label },
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(!hidden.value.has(i)),
            onClick: () => toggle(i),
          },
          h(Swatch, { line }),
          line.label,
        ),
        index === null
          ? null
          : h("output", null, formatValue(line.values[index] ?? null, chart.unit)),
      ),
    ),
    at == null ? null : h("li", { class: "note" }, `at ${formatMoment(at)}`),
  );
}
