import type { StoredRun } from "@churnlab/store";
import { describeSetting } from "../describe-setting.ts";
import { formatTime } from "../format-value.ts";
import { countTrials, formatState } from "./format-run-list.ts";
import type { Style } from "./style.ts";

/** One line that says which run this is, where it ran and with what. */
export function formatRunHeader(run: StoredRun, style: Style): string {
  return [
    `run ${style.strong(run.runId)}`,
    style.strong(run.scenario),
    formatTime(run.startedAtUnixMs),
    ...describeSetting(run),
    countTrials(run),
    formatState(run, style),
  ].join("  ");
}

/** That a run still goes on, and how to follow it; nothing of one that has ended. */
export function formatGoingOn({ state, runId }: StoredRun, style: Style): string[] {
  if (state !== "running") return [];
  return [
    `${style.doubt("●")} run ${runId} still goes on: these are the trials so far; \`churnlab serve\` follows it`,
  ];
}
