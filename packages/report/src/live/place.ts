import { h, type JSX } from "preact";
import { formatClock, formatCount } from "../format-value.ts";
import type { LivePlan, LiveTrial } from "./live-message.ts";
import type { LiveState } from "./live-state.ts";

export interface PlaceProps {
  readonly state: LiveState;
  /** Of the whole run, at this moment. */
  readonly elapsedMs: number;
  readonly plan: LivePlan;
  /** Ends the run; null where that is not for this page to do. */
  readonly onStop: (() => void) | null;
  /** The page stands still, the run does not. */
  readonly isHeld: boolean;
  /** Holds the page, or lets it go on; undefined where nothing moves. */
  readonly onHold: (() => void) | undefined;
}

/** Where the run is, and what can be done about it. */
export function Place({ state, plan, elapsedMs, onStop, isHeld, onHold }: PlaceProps): JSX.Element {
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
