import type { RunSummary } from "@churnlab/store";
import { formatCount, formatNumber, formatTime } from "../format-value.ts";
import { layoutTable } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

/** A table of runs, newest first. */
export function formatRunList(runs: readonly RunSummary[], style: Style = PLAIN_STYLE): string {
  if (runs.length === 0) return "no run yet: `churnlab run <scenario>` makes one";
  const rows = runs
    .toReversed()
    .map((run) => [
      run.runId,
      formatTime(run.startedAtUnixMs),
      run.scenario,
      String(run.variants),
      formatTrials(run),
      formatState(run, style),
      formatTags(run.tags),
    ]);
  return layoutTable(
    [
      { title: "run", align: "left" },
      { title: "started", align: "left" },
      { title: "scenario", align: "left" },
      { title: "variants", align: "right" },
      { title: "trials", align: "left" },
      { title: "state", align: "left" },
      { title: rows.some((row) => row.at(-1) !== "") ? "tags" : "", align: "left" },
    ],
    rows,
    style.columns,
  ).join("\n");
}

/** `6`, `4 of 6`, `5 of 6, 1 invalid`: how many of the planned trials completed, and what the others became. */
export function formatTrials(run: RunSummary): string {
  return describeTrials(run, formatNumber(run.plannedTrials));
}

/** `1 trial`, `4 of 6 trials`, `5 of 6 trials, 1 invalid` */
export function countTrials(run: RunSummary): string {
  return describeTrials(run, formatCount(run.plannedTrials, "trial"));
}

function describeTrials({ trials, plannedTrials }: RunSummary, planned: string): string {
  const { completed, degraded, invalid, failed, aborted } = trials;
  const others = Object.entries({ degraded, invalid, failed, aborted })
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${formatNumber(count)} ${state}`);
  const whole = completed === plannedTrials ? planned : `${formatNumber(completed)} of ${planned}`;
  return [whole, ...others].join(", ");
}

/** A run that did all its trials is over, whatever they came to: the mark says whether they came to anything. */
export function formatState({ state, trials }: RunSummary, style: Style): string {
  switch (state) {
    case "completed":
      if (trials.completed === 0) return `${style.bad("✗")} ended, no valid trial`;
      if (trials.invalid + trials.degraded > 0) return `${style.doubt("!")} completed in part`;
      return `${style.good("✓")} completed`;
    case "running":
      return "● running";
    case "failed":
      return `${style.bad("✗")} failed`;
    case "aborted":
      return `${style.doubt("!")} aborted`;
  }
}

function formatTags(tags: RunSummary["tags"]): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${shorten(name, value)}`)
    .join(" ");
}

const COMMIT_DIGITS = 10;

function shorten(name: string, value: string): string {
  return name === "commit" ? value.slice(0, COMMIT_DIGITS) : value;
}
