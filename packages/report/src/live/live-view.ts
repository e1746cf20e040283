import { type ComponentChildren, h, type JSX } from "preact";
import { formatMoment } from "../charts/format-moment.ts";
import { formatNumber } from "../format-value.ts";
import { keepTogether } from "../html/keep-together.ts";
import { DataTable } from "../html/parts/data-table.ts";
import { Mark, type Tone } from "../html/parts/mark.ts";
import { Tiles } from "../html/parts/tiles.ts";
import { Value } from "../html/parts/value.ts";
import { Agents } from "./agents.ts";
import { listLiveTiles } from "./list-live-tiles.ts";
import type { LiveEventEntry, LivePlan, LiveResult, LiveTrial } from "./live-message.ts";
import type { LiveState } from "./live-state.ts";
import { Place } from "./place.ts";

export interface LiveViewProps {
  readonly state: LiveState;
  /** Of the whole run, at this moment. */
  readonly elapsedMs: number;
  /** Something that stands in the way of news; null when all is well. */
  readonly trouble: string | null;
  /** The charts of the trial, where they can be drawn. */
  readonly charts: ComponentChildren;
  /** Ends the run; null where that is not for this page to do. */
  readonly onStop: (() => void) | null;
  /** The page stands still, the run does not. */
  readonly isHeld?: boolean;
  /** Holds the page, or lets it go on; absent where nothing moves. */
  readonly onHold?: () => void;
}

/** A run while it goes on: where it is, its numbers, its charts, its events and its trials so far. */
export function LiveView({
  state,
  elapsedMs,
  trouble,
  charts,
  onStop,
  isHeld = false,
  onHold,
}: LiveViewProps): JSX.Element {
  const { plan, trial, phase, origin } = state.head;
  if (plan === null) return h(Waiting, { trouble });
  return h(
    "div",
    { class: "live" },
    h(Place, { state, plan, elapsedMs, onStop, isHeld, onHold }),
    trouble === null ? null : h("p", { class: "trouble" }, trouble),
    phase === "ended" ? h(Ended, { plan, endState: state.head.endState }) : null,
    origin === "database"
      ? h(
          "p",
          { class: "note" },
          "This page reads the database: a trial appears once it is saved. Its samples are shown as they are taken where the run can be reached: on the same machine, through a socket beside its database.",
        )
      : null,
    h(Tiles, { tiles: listLiveTiles(state) }),
    h(
      "div",
      { class: "live-columns" },
      h(
        "section",
        { "aria-labelledby": "live-charts" },
        h(
          "h2",
          { id: "live-charts" },
          trial === null ? "Charts" : `${trial.variant}, replicate ${trial.replicate}`,
        ),
        charts,
      ),
      h(
        "section",
        { "aria-labelledby": "live-events" },
        h("h2", { id: "live-events" }, "Events"),
        h(LiveEvents, { events: state.events }),
      ),
    ),
    h(Agents, {
      agents: state.head.agents,
      ratePerS: trial?.offered?.corners[0]?.perS ?? null,
    }),
    h(Trials, { plan, trial, results: state.results }),
  );
}

function Waiting({ trouble }: { readonly trouble: string | null }): JSX.Element {
  return h(
    "div",
    { class: "live" },
    h("h1", null, "No run goes on"),
    trouble === null ? null : h("p", { class: "trouble" }, trouble),
    h("p", { class: "lead" }, "A run that is started into this database appears here by itself."),
  );
}

function Ended({
  plan,
  endState,
}: {
  readonly plan: LivePlan;
  readonly endState: string | null;
}): JSX.Element {
  const tone: Tone = endState === "completed" ? "good" : "doubt";
  return h(
    "p",
    { class: `verdict ${tone}` },
    h(Mark, { tone }, `The run is ${endState ?? "over"}. `),
    h("a", { href: `/runs/${plan.runId}` }, "Open its report"),
  );
}

const EVENTS_SHOWN = 30;

function LiveEvents({ events }: { readonly events: readonly LiveEventEntry[] }): JSX.Element {
  if (events.length === 0) return h("p", { class: "note" }, "Nothing out of the ordinary so far.");
  return h(
    "ul",
    { class: "events newest-first" },
    events
      .slice(-EVENTS_SHOWN)
      .toReversed()
      .map(({ tMs, variant, role, text, why, tone, trialId, kind }) =>
        h(
          "li",
          { key: `${trialId} ${tMs} ${kind}`, class: tone },
          h("span", { class: "when" }, keepTogether(formatMoment(tMs))),
          h("span", { class: "what" }, keepTogether(`${variant}, ${role}: ${text}`)),
          why === "" ? null : h("span", { class: "why" }, why),
        ),
      ),
  );
}

const TONES: Readonly<Record<LiveResult["state"], Tone>> = {
  completed: "good",
  degraded: "doubt",
  failed: "bad",
  invalid: "doubt",
  aborted: "doubt",
};

interface TrialsProps {
  readonly plan: LivePlan;
  readonly trial: LiveTrial | null;
  readonly results: readonly LiveResult[];
}

/** A row for each variant: how its trials ended, and what they carried. */
function Trials({ plan, trial, results }: TrialsProps): JSX.Element {
  const rows = plan.variants.map((variant) => {
    const own = results.filter((result) => result.variant === variant);
    const isNow = trial?.variant === variant && trial.phase !== "saved";
    const last = own.at(-1);
    return [
      variant,
      `${own.length} of ${plan.replicates}${isNow ? ", one goes on" : ""}`,
      own.map(({ trialId, state, reason }) =>
        h(
          "span",
          { key: trialId, title: reason ?? "" },
          h(Mark, { tone: TONES[state] }, state),
          " ",
        ),
      ),
      h(Value, { value: last?.ratePerS ?? null, unit: "/s" }),
      last?.failed == null ? "–" : formatNumber(last.failed),
    ];
  });
  return h(
    "section",
    { "aria-labelledby": "live-trials" },
    h("h2", { id: "live-trials" }, "Trials"),
    h(DataTable, {
      caption: "Trials so far, by variant",
      columns: [
        { title: "variant" },
        { title: "done" },
        { title: "how they ended" },
        { title: "rate of the last", align: "right" },
        { title: "failed in the last", align: "right" },
      ],
      rows,
    }),
  );
}
