import { signal } from "@preact/signals";
import { h, type JSX, render } from "preact";
import { TIME_CHART_IDS, type TimeChartId } from "../charts/chart-trial.ts";
import type { TrialSeries } from "../charts/trial-series.ts";
import { collectPanels, TIME_CHART_WORDS } from "../html/parts/time-panels.ts";
import { LIVE_MESSAGE_TYPES, type LiveMessage, type LiveSnapshot } from "../live/live-message.ts";
import { LiveState } from "../live/live-state.ts";
import { LiveView } from "../live/live-view.ts";
import { followStream } from "./follow-stream.ts";
import { bindKey } from "./page-keys.ts";
import { PlotGroup } from "./plot-group.ts";
import { readPageData } from "./read-page-data.ts";
import { TimePanel } from "./time-panel.ts";

/** Faster than this nobody reads. */
const DRAW_MS_MIN = 250;
/** Points of a series that a page keeps; older ones are merged. */
const POINTS_MAX = 1200;

/** Follows the run in this page: state by messages, drawing a few times a second, and not at all while nobody looks. Returns what draws its charts anew in other colours. */
export function startLiveView(place: HTMLElement): () => void {
  const state = new LiveState("process", POINTS_MAX);
  const snapshot = readPageData("snapshot") as LiveSnapshot | null;
  if (snapshot !== null) state.apply({ type: "snapshot", snapshot });
  const drawn = signal(0);
  const trouble = signal<string | null>(null);
  const mayStop = signal(false);
  const isHeld = signal(false);
  const group = new PlotGroup("churnlab");
  const clock = new RunClock(state);
  const draw = makeThrottle(() => {
    if (!isHeld.value) drawn.value++;
  });
  const hold = (): void => {
    isHeld.value = !isHeld.value;
    drawn.value++;
  };
  bindKey(" ", hold);
  followStream({
    types: LIVE_MESSAGE_TYPES,
    onEvent(data) {
      state.apply(JSON.parse(data) as LiveMessage);
      if (state.head.phase !== "running") isHeld.value = false;
      clock.set();
      draw();
    },
    onOpen() {
      trouble.value = null;
    },
    onTrouble(isRefused) {
      trouble.value = describeTrouble(state, isRefused);
    },
  });
  void askRights(mayStop);
  setInterval(draw, 1000);
  document.addEventListener("visibilitychange", draw);

  function Live(): JSX.Element {
    // Read, so that the view is made anew when it changes.
    void drawn.value;
    return h(LiveView, {
      state,
      elapsedMs: clock.elapsedMs(),
      trouble: trouble.value,
      charts: h(LiveCharts, { trial: state.toTrialSeries(), group }),
      onStop: mayStop.value ? stopRun : null,
      isHeld: isHeld.value,
      onHold: hold,
    });
  }
  place.replaceChildren();
  render(h(Live, null), place);
  document.documentElement.dataset["drawn"] = "yes";
  return () => group.redraw();
}

function describeTrouble(state: LiveState, isRefused: boolean): string {
  if (state.head.phase === "ended")
    return "The server has gone with its run; churnlab serve shows it again.";
  return isRefused
    ? "The server has no place for this page, which tries again. The run goes on."
    : "The connection is lost, reconnecting. The run goes on.";
}

interface LiveChartsProps {
  readonly trial: TrialSeries | null;
  readonly group: PlotGroup;
}

function LiveCharts({ trial, group }: LiveChartsProps): JSX.Element {
  const charts = TIME_CHART_IDS.flatMap((id: TimeChartId) => {
    if (trial === null) return [];
    const set = collectPanels([trial], id);
    const [panel] = set?.panels ?? [];
    if (set === null || panel === undefined) return [];
    return [
      h(
        "div",
        { key: id, class: "live-chart" },
        h("h3", null, TIME_CHART_WORDS[id].title),
        h(TimePanel, { id, panel, group, bare: true }),
      ),
    ];
  });
  if (charts.length === 0) return h("p", { class: "note" }, "The first samples are on their way.");
  return h("div", { class: "live-charts" }, charts);
}

/** The time of the run between two messages, by this page's own clock. */
class RunClock {
  readonly #state: LiveState;
  #setAtMs: number = performance.now();

  constructor(state: LiveState) {
    this.#state = state;
  }

  set(): void {
    this.#setAtMs = performance.now();
  }

  elapsedMs(): number {
    const { elapsedMs, phase } = this.#state.head;
    return phase === "running" ? elapsedMs + performance.now() - this.#setAtMs : elapsedMs;
  }
}

/** Calls at most once per `DRAW_MS_MIN`, with the next frame, and not while the page is hidden. */
function makeThrottle(call: () => void): () => void {
  let isDue = false;
  let calledAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (isDue || document.hidden) return;
    isDue = true;
    const waitMs = Math.max(0, DRAW_MS_MIN - (performance.now() - calledAtMs));
    setTimeout(() => {
      requestAnimationFrame(() => {
        isDue = false;
        calledAtMs = performance.now();
        call();
      });
    }, waitMs);
  };
}

async function askRights(mayStop: { value: boolean }): Promise<void> {
  const response = await fetch("/api/rights");
  if (!response.ok) return;
  mayStop.value = ((await response.json()) as { readonly mayStop: boolean }).mayStop;
}

function stopRun(): void {
  if (confirm("Stop the run? What was measured is kept."))
    void fetch("/api/live/stop", { method: "POST" });
}
