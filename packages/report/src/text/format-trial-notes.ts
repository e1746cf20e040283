import type { Warning } from "@churnlab/core";
import type { StoredRun, StoredTrial } from "@churnlab/store";
import { countAttempt, isRepeated, listAttempts } from "../count-attempt.ts";
import { formatCount } from "../format-value.ts";
import type { Style } from "./style.ts";

/** What has to be known before any number is read: trials that do not count, and doubts about those that do. */
export function formatTrialNotes(run: StoredRun, style: Style): string[] {
  const broken = listAttempts(run).filter(({ state }) => state !== "completed");
  return [...broken.map((trial) => formatBroken(run, trial, style)), ...formatWarnings(run, style)];
}

function formatBroken(run: StoredRun, trial: StoredTrial, style: Style): string {
  const where = trial.phase === null ? "" : ` in ${trial.phase}`;
  const code = trial.code === null ? "" : ` (${trial.code})`;
  const reason = trial.reason === null ? "" : `: ${trial.reason}`;
  const mark = trial.state === "failed" ? style.bad("✗") : style.doubt("!");
  const end = run.earlierAttempts.includes(trial) ? "repeated" : "not compared";
  const attempt = isRepeated(run, trial) ? ` ${countAttempt(run, trial)},` : "";
  return `${mark} ${nameTrial(trial)}${attempt} ${trial.state}${where}${code}${reason} — ${end}`;
}

/** `trial 4 (tw_reuse=1, replicate 3)` */
export function nameTrial({ trialId, variant, replicate }: StoredTrial): string {
  return `trial ${trialId} (${variant}, replicate ${replicate})`;
}

/** Each doubt once, however many trials share it. */
function formatWarnings(run: StoredRun, style: Style): string[] {
  const found = run.trialList.flatMap((trial) =>
    trial.warnings.map((warning) => ({ warning, trial })),
  );
  const byCode = Map.groupBy(found, ({ warning }) => warning.code);
  return [...byCode.values()].map((group) => {
    const [first] = group as [{ warning: Warning; trial: StoredTrial }];
    const trials = new Set(group.map(({ trial }) => trial.trialId)).size;
    const others =
      trials === 1
        ? nameTrial(first.trial)
        : `${formatCount(trials, "trial")}, first in ${nameTrial(first.trial)}`;
    return `${style.doubt("!")} ${first.warning.code} in ${others}: ${first.warning.message}`;
  });
}
