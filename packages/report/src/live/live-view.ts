import type { AgentHealth } from "@churnlab/core";
import { type ComponentChildren, h, type JSX } from "preact";
import { formatMoment } from "../charts/format-moment.ts";
import { formatClock, formatCount, formatNumber } from "../format-value.ts";
import { keepTogether } from "../html/keep-together.ts";
import { DataTable } from "../html/parts/data-table.ts";
import { Mark, type Tone } from "../html/parts/mark.ts";
import { Tiles } from "../html/parts/tiles.ts";
import { Value } from "../html/parts/value.ts";
import { listLiveTiles } from "./list-live-tiles.ts";
import type { LiveEventEntry, LivePlan, LiveResult, LiveTrial } from "./live-message.ts";
import type { LiveState } from "./live-state.ts";

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
    h(Agents, { agents: state.head.agents }),
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

interface PlaceProps extends Pick<LiveViewProps, "state" | "elapsedMs" | "onStop"> {
  readonly plan: LivePlan;
  readonly isHeld: boolean;
  readonly onHold: (() => void) | undefined;
}

function Place({ state, plan, elapsedMs, onStop, isHeld, onHold }: PlaceProps): JSX.Element {
  const { phase, trial } = state.head;
  const isRunning = phase === "running";
  const place = describePlace(plan, trial, state.results.length);
  return h(
    "header",
    { class: "place" },
    h(
      "h1",
      null,
      isRunning ? h("span", { class: "pulse", "aria-hidden": "true" }) : null,
      plan.scenario,
    ),
    h(
      "p",
      { role: "status", "aria-live": "polite" },
      isRunning ? place : `The run is ${state.head.endState ?? "over"}.`,
    ),
    h(
      "p",
      { class: "clock" },
      h("progress", {
        "aria-label": "trials done",
        max: String(Math.max(1, plan.trials.length)),
        value: String(state.results.length),
      }),
      ` ${describeTime(plan, elapsedMs)} `,
      h("a", { href: `/runs/${plan.runId}` }, `run ${plan.runId}`),
      isRunning && onHold !== undefined
        ? h(
            "button",
            {
              type: "button",
              class: "button hold",
              "aria-pressed": isHeld,
              title: "space",
              onClick: onHold,
            },
            "Hold still",
          )
        : null,
      isRunning && isHeld ? h("span", { role: "status" }, "held still; the run goes on") : null,
      isRunning && onStop !== null
        ? h("button", { type: "button", class: "button stop", onClick: onStop }, "Stop the run")
        : null,
    ),
  );
}

/** `trial 3 of 12: variant 1 of 2 baseline, replicate 2 of 6, measure` */
function describePlace(plan: LivePlan, trial: LiveTrial | null, done: number): string {
  if (trial === null) return `${formatCount(plan.trials.length, "trial")} planned`;
  const number = plan.trials.findIndex(({ trialId }) => trialId === trial.trialId) + 1;
  const variant = `variant ${plan.variants.indexOf(trial.variant) + 1} of ${plan.variants.length} ${trial.variant}`;
  const replicate = `replicate ${trial.replicate} of ${plan.replicates}`;
  if (trial.phase === "saved")
    return `${done} of ${plan.trials.length} trials saved, the last is ${variant}, ${replicate}`;
  return `trial ${number} of ${plan.trials.length}: ${variant}, ${replicate}, ${trial.phase}`;
}

function describeTime({ expectedMs }: LivePlan, elapsedMs: number): string {
  return expectedMs === null
    ? formatClock(elapsedMs)
    : `${formatClock(elapsedMs)} of about ${formatClock(expectedMs)}`;
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

/** From here on a worker has no processor left: the generator is what limits. */
const CPU_SHARE_FULL = 0.9;
/** From here on arrivals are not where the schedule wants them. */
const LATENESS_US_HIGH = 5000;

/** Who makes the load, and whether they keep up. */
function Agents({ agents }: { readonly agents: readonly AgentHealth[] }): JSX.Element | null {
  if (agents.length === 0) return null;
  return h(
    "section",
    { "aria-labelledby": "live-agents" },
    h("h2", { id: "live-agents" }, "Agents"),
    h(DataTable, {
      caption: "Agents in the last second",
      columns: [
        { title: "agent" },
        { title: "health" },
        { title: "engine" },
        { title: "workers", align: "right" },
        { title: "CPU of a worker", align: "right" },
        { title: "late by, p99", align: "right" },
        { title: "attempted", align: "right" },
        { title: "open", align: "right" },
        { title: "failed", align: "right" },
        { title: "not offered", align: "right" },
      ],
      rows: agents.map((agent) => [
        agent.agent,
        h(Health, { agent }),
        agent.engine ?? "–",
        String(agent.workers),
        h(Value, { value: agent.cpuShare, unit: "share" }),
        h(Value, { value: agent.latenessUs, unit: "us" }),
        h(Value, { value: agent.attemptedPerS, unit: "/s" }),
        h(Value, { value: agent.open }),
        h(Value, { value: agent.failed }),
        h(Value, { value: agent.dropped }),
      ]),
    }),
  );
}

function Health({ agent }: { readonly agent: AgentHealth }): JSX.Element {
  if ((agent.cpuShare ?? 0) >= CPU_SHARE_FULL)
    return h(Mark, { tone: "doubt" }, "no processor left");
  if ((agent.latenessUs ?? 0) >= LATENESS_US_HIGH) return h(Mark, { tone: "doubt" }, "late");
  return h(Mark, { tone: "good" }, "keeps up");
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
