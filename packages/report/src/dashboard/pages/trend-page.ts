import { nameMetric } from "@churnlab/core";
import { h, type JSX } from "preact";
import type { HistoryEntry } from "../../build-history.ts";
import type { Trend } from "../../build-trend.ts";
import { drawTrend, TREND_RUNS_MAX } from "../../charts/draw-trend.ts";
import { formatTime } from "../../format-value.ts";
import { keepTogether } from "../../html/keep-together.ts";
import { DataTable } from "../../html/parts/data-table.ts";
import { SvgFigure } from "../../html/parts/figure.ts";
import { Mark, type Tone } from "../../html/parts/mark.ts";
import { Value } from "../../html/parts/value.ts";
import { formatReading } from "../../text/format-reading.ts";
import { unitOf } from "../../unit-of.ts";

/** One metric of one variant over the runs of its scenario. */
export function TrendPage({ trend }: { readonly trend: Trend | null }): JSX.Element {
  if (trend === null) {
    return h(
      "main",
      { class: "page history" },
      h("h1", null, "Trend"),
      h("p", null, "No run has completed a trial yet."),
    );
  }
  const { history } = trend;
  const name = nameMetric(history);
  const unit = unitOf(history.metric);
  const title = `${history.scenario}, ${history.variant}: ${name}`;
  const left = history.runs.length - TREND_RUNS_MAX;
  const note = left > 0 ? ` The newest ${TREND_RUNS_MAX} are drawn; the table has all.` : "";
  return h(
    "main",
    { class: "page history" },
    h("h1", null, "Trend"),
    h(Choice, { trend }),
    h(SvgFigure, {
      svg: drawTrend(history, { title, unit }),
      caption: `${title}. Circles are replicates, dots the medians of runs, oldest first. A dotted line is another machine, kernel, engine or scenario, a dashed one a change for good.${note}`,
    }),
    h(DataTable, {
      caption: `${title}, newest first`,
      columns: [
        { title: "run" },
        { title: "started" },
        { title: "commit" },
        { title: "median", align: "right" },
        { title: "replicates" },
        { title: "change" },
      ],
      rows: history.runs
        .toReversed()
        .map((run) => [
          h("a", { href: `/runs/${run.runId}` }, run.runId),
          formatTime(run.startedAtUnixMs),
          run.commit === null ? "–" : h("code", null, run.commit.slice(0, 10)),
          h(Value, { value: run.value, unit }),
          keepTogether(formatReading(history.metric, { values: run.values, never: false })),
          h(Change, { trend, run }),
        ]),
    }),
  );
}

/** A form that works without scripts. */
function Choice({ trend }: { readonly trend: Trend }): JSX.Element {
  const { history, scenarios, variants, metrics } = trend;
  return h(
    "form",
    { class: "toolbar choice", action: "/trend", method: "get" },
    h(Select, { name: "scenario", options: scenarios, chosen: history.scenario }),
    h(Select, { name: "variant", options: variants, chosen: history.variant }),
    h(Select, { name: "metric", options: metrics, chosen: nameMetric(history) }),
    h("button", { type: "submit", class: "button" }, "Show"),
  );
}

interface SelectProps {
  readonly name: string;
  readonly options: readonly string[];
  readonly chosen: string;
}

function Select({ name, options, chosen }: SelectProps): JSX.Element {
  return h(
    "label",
    null,
    `${name} `,
    h(
      "select",
      { name },
      options.map((option) =>
        h("option", { key: option, value: option, selected: option === chosen }, option),
      ),
    ),
  );
}

const TONES: Readonly<Record<"better" | "worse" | "changed", Tone>> = {
  better: "good",
  worse: "bad",
  changed: "doubt",
};

function Change({
  trend: { history },
  run: { runId },
}: {
  readonly trend: Trend;
  readonly run: HistoryEntry;
}): JSX.Element | null {
  const alert = history.alerts.find((one) => one.runId === runId);
  return alert === undefined
    ? null
    : h(Mark, { tone: TONES[alert.direction] }, `${alert.direction} from here`);
}
