import { estimateTrialMs } from "@churnlab/core";
import type { StoredRun, StoredTrial, StoreReader } from "@churnlab/store";
import { describeEvent } from "../charts/describe-event.ts";
import { isMoment } from "../charts/describe-trial.ts";
import { loadTrialSeries } from "../charts/load-trial-series.ts";
import type { LiveMessage, LivePlan, LiveResult } from "../live/live-message.ts";

/** Events of a kind that are told of a trial. */
const PER_KIND_MAX = 5;

/** A stored run as it was planned. */
export function planOf(run: StoredRun): LivePlan {
  const { runId, scenario, resolved, plannedTrials, startedAtUnixMs } = run;
  const variants = resolved.variants.map(({ name }) => name);
  // The order in which trials run is drawn from the seed; a page only counts them.
  const trials = Array.from({ length: plannedTrials }, (_, i) => ({
    trialId: i,
    variant: variants[i % variants.length] ?? "",
    replicate: Math.floor(i / Math.max(1, variants.length)) + 1,
  }));
  return {
    runId,
    scenario,
    variants,
    replicates: resolved.replicates,
    trials,
    expectedMs: expectMs(run),
    startedAtUnixMs,
  };
}

function expectMs({ variantList, plannedTrials }: StoredRun): number {
  const blockMs = variantList.reduce((sum, { spec }) => sum + estimateTrialMs(spec), 0);
  return (blockMs * plannedTrials) / Math.max(1, variantList.length);
}

/** How a stored trial ended. */
export function resultOf(run: StoredRun, trial: StoredTrial): LiveResult {
  const spec = run.variantList.find(({ name }) => name === trial.variant)?.spec;
  const metric = spec?.workload.kind === "keep-alive" ? "requests.rate" : "connections.rate";
  const read = (name: string): number | null =>
    trial.measurements.find((m) => m.role === "client" && m.metric === name)?.value ?? null;
  const { trialId, variant, replicate, state, reason } = trial;
  return {
    trialId,
    variant,
    replicate,
    state,
    reason,
    ratePerS: read(metric),
    failed: read("connections.failed"),
  };
}

/** The whole of a stored trial at once, as if it had just been sampled. */
export function replayTrial(
  store: StoreReader,
  run: StoredRun,
  { trialId, variant }: StoredTrial,
): LiveMessage[] {
  const [trial] = loadTrialSeries(store, run, { trialIds: [trialId] }).trials;
  if (trial === undefined) return [];
  const { series, markers: _, ...head } = trial;
  const elapsedMs = Date.now() - run.startedAtUnixMs;
  const samples = [...series].flatMap(([key, { tMs, mean }]) =>
    Array.from(tMs, (t, i) => ({ tMs: t, values: { [key]: mean[i] as number } })),
  );
  const events = store
    .loadEvents(run.runId, { trialId, perKindMax: PER_KIND_MAX })
    .filter(({ kind }) => isMoment(kind))
    .map(({ tMs, role, kind, detail }): LiveMessage => {
      const words = describeEvent({ kind, detail });
      return { type: "event", event: { tMs, role, kind, ...words, trialId, variant } };
    });
  return [
    { type: "trial", trial: { ...head, markers: [], phase: "saved" }, elapsedMs },
    { type: "samples", trialId, samples, elapsedMs },
    ...events,
  ];
}
