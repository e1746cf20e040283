import { h, type JSX } from "preact";
import { TIME_CHART_IDS, type TimeChartId } from "../../charts/chart-trial.ts";
import { drawTimeChart } from "../../charts/draw-time-chart.ts";
import type { LoadedSeries } from "../../charts/load-trial-series.ts";
import type { TrialSeries } from "../../charts/trial-series.ts";
import { formatCount, formatNumber } from "../../format-value.ts";
import { keepTogether } from "../keep-together.ts";
import { ChartTable } from "../parts/chart-table.ts";
import { Fold } from "../parts/data-table.ts";
import { EventList } from "../parts/event-list.ts";
import type { Section } from "../parts/section.ts";
import {
  collectPanels,
  Legend,
  listsEvents,
  type Panel,
  type PanelSet,
  panelTitle,
  TIME_CHART_WORDS,
} from "../parts/time-panels.ts";
import type { ReportData } from "../report-data.ts";

/** Charts that stand side by side without becoming too small. */
const SHOWN_MAX = 6;

/** What was seen over the time of a trial; one trial of each variant, until the reader chooses others. */
export function overTimeSection({
  run,
  series,
}: Pick<ReportData, "run" | "series">): Section | null {
  const shown = chooseShown(
    run.variantList.map(({ name }) => name),
    series.trials,
  );
  const charts = TIME_CHART_IDS.flatMap((id) => {
    const set = collectPanels(shown, id);
    return set === null ? [] : [h(ChartBlock, { key: id, id, set })];
  });
  if (charts.length === 0) return null;
  return {
    id: "over-time",
    title: "Over time",
    lead: `Time counts from the start of the measure phase. ${describeSampling(series)}`,
    body: [
      h("div", {
        class: "toolbar",
        id: "trial-choice",
        hidden: true,
        "data-shown": shown.map(({ trialId }) => trialId).join(" "),
      }),
      ...charts,
    ],
  };
}

/** The first completed trial of each variant, or its first if none completed; the baseline's before all others. */
function chooseShown(variants: readonly string[], trials: readonly TrialSeries[]): TrialSeries[] {
  return variants
    .flatMap((name) => {
      const own = trials.filter(({ variant }) => variant === name);
      return own.find(({ state }) => state === "completed") ?? own[0] ?? [];
    })
    .slice(0, SHOWN_MAX);
}

function ChartBlock({
  id,
  set,
}: {
  readonly id: TimeChartId;
  readonly set: PanelSet;
}): JSX.Element {
  const { title, lead } = TIME_CHART_WORDS[id];
  return h(
    "section",
    { class: "chart-block", id: `chart-${id}`, "aria-labelledby": `chart-${id}-title` },
    h("h3", { id: `chart-${id}-title` }, title),
    h("p", { class: "lead" }, set.isShared ? lead : `${lead} Each chart has a scale of its own.`),
    h(
      "div",
      { class: "panels static" },
      set.panels.map((panel) => h(StaticPanel, { key: panel.trial.trialId, id, panel })),
    ),
    h("div", { class: "panels live", "data-chart": id }),
  );
}

function StaticPanel({
  id,
  panel,
}: {
  readonly id: TimeChartId;
  readonly panel: Panel;
}): JSX.Element {
  const { trial, chart } = panel;
  const caption = `${TIME_CHART_WORDS[id].title}: ${panelTitle(trial)}`;
  const { phases, markers } = trial;
  const svg = drawTimeChart(chart, { title: caption, phases, markers, frame: panel.frame });
  return h(
    "figure",
    { class: "panel" },
    h("h4", null, panelTitle(trial)),
    h("div", { dangerouslySetInnerHTML: { __html: svg } }),
    h(Legend, { lines: chart.lines }),
    h("figcaption", null, keepTogether(chart.summary)),
    listsEvents(trial, id) ? h(EventList, { markers }) : null,
    h(Fold, { title: "Show data" }, h(ChartTable, { chart, caption })),
  );
}

function describeSampling({ samples, binned, binsMax }: LoadedSeries): string {
  const count = `${formatCount(samples, "sample")} in all`;
  if (binned === 0) return `${count}, each drawn as it was taken.`;
  return `${count}; ${formatNumber(binned)} series are drawn as at most ${formatNumber(binsMax)} bins of mean, lowest and highest.`;
}
