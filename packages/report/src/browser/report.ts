import { signal } from "@preact/signals";
import { h, type JSX, render } from "preact";
import type { TimeChartId } from "../charts/chart-trial.ts";
import { decodeSeries } from "../charts/decode-series.ts";
import type { TrialSeries } from "../charts/trial-series.ts";
import { collectPanels } from "../html/parts/time-panels.ts";
import { bindKey } from "./page-keys.ts";
import { mountPageTools } from "./page-tools.ts";
import { PlotGroup } from "./plot-group.ts";
import { readSeries } from "./read-series.ts";
import { reloadWhileRunning } from "./reload-while-running.ts";
import { TimePanel } from "./time-panel.ts";
import { stepReplicate, TrialChoice } from "./trial-choice.ts";
import { readZoom, writeZoom } from "./zoom-in-address.ts";

/** Puts charts that answer to the reader in the place of those that were drawn when the report was made. */
async function start(): Promise<void> {
  const group = new PlotGroup("churnlab", writeZoom);
  mountPageTools(() => group.redraw());
  const trials = decodeSeries(await readSeries());
  const places = [...document.querySelectorAll<HTMLElement>(".panels.live")];
  const toolbar = document.querySelector<HTMLElement>("#trial-choice");
  if (trials.length === 0 || toolbar === null) return;
  const shown = signal<readonly number[]>((toolbar.dataset["shown"] ?? "").split(" ").map(Number));
  group.zoom(readZoom());
  document.documentElement.classList.add("scripted");
  for (const place of places) {
    render(h(Panels, { id: place.dataset["chart"] as TimeChartId, trials, shown, group }), place);
  }
  if (trials.length > 1) {
    toolbar.hidden = false;
    render(h(TrialChoice, { trials, shown }), toolbar);
    bindKey("[", () => stepReplicate({ trials, shown }, -1));
    bindKey("]", () => stepReplicate({ trials, shown }, 1));
  }
  document.documentElement.dataset["drawn"] = "yes";
}

interface PanelsProps {
  readonly id: TimeChartId;
  readonly trials: readonly TrialSeries[];
  readonly shown: { readonly value: readonly number[] };
  readonly group: PlotGroup;
}

function Panels({ id, trials, shown, group }: PanelsProps): JSX.Element {
  const chosen = shown.value.flatMap(
    (trialId) => trials.find((trial) => trial.trialId === trialId) ?? [],
  );
  const set = collectPanels(chosen, id);
  if (set === null)
    return h("p", { class: "note" }, "Nothing of this was sampled in the chosen trials.");
  return h(
    "div",
    { class: "panels" },
    set.panels.map((panel) => h(TimePanel, { key: panel.trial.variant, id, panel, group })),
  );
}

void start();
reloadWhileRunning();
