import type { StoredRun } from "@churnlab/store";
import { formatCount, formatTime } from "../format-value.ts";
import { countTrials, formatState } from "./format-run-list.ts";
import type { Style } from "./style.ts";

/** One line that says which run this is, where it ran and with what. */
export function formatRunHeader(run: StoredRun, style: Style): string {
  const facts = run.environment?.facts ?? {};
  const kernel = facts["kernel.release"];
  const cpus = facts["cpu.count"];
  return [
    `run ${style.strong(run.runId)}`,
    style.strong(run.scenario),
    formatTime(run.startedAtUnixMs),
    ...(kernel === undefined ? [] : [`Linux ${kernel}`]),
    ...(cpus === undefined ? [] : [formatCount(Number(cpus), "CPU")]),
    listDistinct(run.variantList.map(({ spec }) => spec.testbed)),
    ...describeEngines(run),
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

function describeEngines(run: StoredRun): string[] {
  const engines = run.trialList.map(({ engine }) => engine).filter((engine) => engine !== null);
  return engines.length === 0 ? [] : [`engine ${listDistinct(engines)}`];
}

function listDistinct(values: readonly string[]): string {
  return [...new Set(values)].join(", ");
}
