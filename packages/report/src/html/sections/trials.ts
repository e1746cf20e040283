import { nameMetric } from "@churnlab/core";
import type { StoredRun, StoredTrial } from "@churnlab/store";
import { h, type JSX } from "preact";
import { countAttempt, listAttempts } from "../../count-attempt.ts";
import { formatCount } from "../../format-value.ts";
import { Fold, LongTable } from "../parts/data-table.ts";
import { Mark, type Tone } from "../parts/mark.ts";
import type { Section } from "../parts/section.ts";
import { Value } from "../parts/value.ts";
import { words } from "../parts/words.ts";
import type { ReportData } from "../report-data.ts";

const TONES: Readonly<Record<StoredTrial["state"], Tone>> = {
  completed: "good",
  degraded: "doubt",
  failed: "bad",
  invalid: "doubt",
  aborted: "doubt",
};

const COLUMNS = [
  { title: "attempted", metric: "connections.attempted", unit: "" },
  { title: "succeeded", metric: "connections.succeeded", unit: "" },
  { title: "failed", metric: "connections.failed", unit: "" },
  { title: "not offered", metric: "connections.dropped", unit: "" },
  { title: "rate", metric: "connections.rate", unit: "/s" },
  { title: "connect p50", metric: "latency.connect.p50", unit: "us" },
  { title: "connect p99", metric: "latency.connect.p99", unit: "us" },
  { title: "TIME_WAIT peak", metric: "time_wait.peak", unit: "sockets" },
  { title: "ports used", metric: "ports.used_peak", unit: "ports" },
] as const;

/** Every trial in the order they ran, also those that do not count. */
export function trialsSection({ run, firstEvents }: ReportData): Section | null {
  if (run.trialList.length === 0) return null;
  return {
    id: "trials",
    title: "Trials",
    lead: "In the order they ran: blocks one after the other, the variants of a block in random order. Only completed trials are compared; of a trial that was repeated, the last attempt.",
    body: [
      h(TrialTable, { run }),
      h(Doubts, { trials: listAttempts(run) }),
      h(TargetLogs, { events: firstEvents }),
    ],
  };
}

function TrialTable({ run }: { readonly run: StoredRun }): JSX.Element {
  const repeated = run.earlierAttempts.length > 0;
  return h(LongTable, {
    caption: "Trials, with numbers of the client",
    columns: [
      { title: "trial", align: "right" },
      { title: "variant" },
      { title: "replicate", align: "right" },
      { title: "block", align: "right" },
      ...(repeated ? [{ title: "attempt" }] : []),
      { title: "state" },
      { title: "closed first" },
      ...COLUMNS.map(({ title }) => ({ title, align: "right" as const })),
    ],
    rows: listAttempts(run).map((trial) => {
      const values = new Map(trial.measurements.map((m) => [nameMetric(m), m.value]));
      return [
        String(trial.trialId),
        trial.variant,
        String(trial.replicate),
        String(trial.block),
        ...(repeated ? [countAttempt(run, trial)] : []),
        h(Mark, { tone: TONES[trial.state] }, trial.state),
        trial.closer ?? "–",
        ...COLUMNS.map(({ metric, unit }) =>
          h(Value, { value: values.get(`client.${metric}`) ?? null, unit }),
        ),
      ];
    }),
  });
}

/** What has to be known of trials, below their table: a sentence is too long for a column. */
function Doubts({ trials }: { readonly trials: readonly StoredTrial[] }): JSX.Element | null {
  const doubtful = trials.flatMap((trial) => {
    const doubts = listDoubts(trial);
    return doubts === "" ? [] : [{ trial, doubts }];
  });
  if (doubtful.length === 0) return null;
  const list = h(
    "dl",
    { class: "sentences" },
    doubtful.map(({ trial: { trialId, variant, replicate, state }, doubts }) => [
      h("dt", { key: `${trialId} name` }, `trial ${trialId}`),
      h("dd", { key: trialId }, words(`${variant}, replicate ${replicate}, ${state}: ${doubts}`)),
    ]),
  );
  const title = `What has to be known of ${formatCount(doubtful.length, "trial")}`;
  if (doubtful.length > OPEN_DOUBTS_MAX) return h(Fold, { title }, list);
  return h("div", { class: "doubts" }, h("h3", null, title), list);
}

/** More sentences than these are folded away. */
const OPEN_DOUBTS_MAX = 12;

/** What servers that are not churnlab's wrote while they were under load. */
function TargetLogs({
  events,
}: {
  readonly events: ReportData["firstEvents"];
}): JSX.Element | null {
  const logs = events.filter(
    ({ kind, detail }) => kind === "target.log" && typeof detail["log"] === "string",
  );
  if (logs.length === 0) return null;
  return h(
    Fold,
    { title: "Show what the target wrote" },
    logs.map(({ trialId, variant, detail }) => [
      h("h4", { key: `${trialId} title` }, `trial ${trialId}, ${variant}`),
      h("pre", { key: trialId, tabIndex: 0 }, h("code", null, detail["log"] as string)),
    ]),
  );
}

function listDoubts({ reason, phase, code, warnings }: StoredTrial): string {
  const end = reason === null ? [] : [`${code === null ? "" : `${code}: `}${reason}`];
  const where = phase === null ? [] : [`ended in ${phase}`];
  const shown = warnings.filter(({ message }) => reason === null || !reason.includes(message));
  return [...end, ...where, ...shown.map(({ code: name, message }) => `${name}: ${message}`)].join(
    "; ",
  );
}
