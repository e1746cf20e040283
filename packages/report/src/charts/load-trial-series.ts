import { type FailureRecord, nameMetric } from "@churnlab/core";
import type {
  BinnedSeries,
  EventCount,
  StoredEvent,
  StoredRun,
  StoredTrial,
  StoreReader,
} from "@churnlab/store";
import { formatNumber } from "../format-value.ts";
import { describeEvent } from "./describe-event.ts";
import { isMoment, listPhases, offeredRate, readPorts } from "./describe-trial.ts";
import type { Marker, TrialSeries } from "./trial-series.ts";

/** More points than this cannot be told apart on any screen. */
const BINS_MAX = 4000;
const BINS_MIN = 60;
/** What a report may carry in all: with means and extremes of every bin it stays below 5 MB. */
const POINTS_MAX = 600_000;
/** Of every kind of event of a trial, the first so many get a line of their own. */
const EVENTS_PER_KIND_MAX = 5;

export interface TrialSeriesFilter {
  /** Only these trials; else all of the run. */
  readonly trialIds?: readonly number[];
}

export interface LoadedSeries {
  readonly trials: readonly TrialSeries[];
  /** The most points that a series has. */
  readonly binsMax: number;
  /** Series that had more samples than that, and so are drawn by bins. */
  readonly binned: number;
  /** Samples in all. */
  readonly samples: number;
}

/** Everything that the charts of a run are drawn from, in the order in which the trials ran. */
export function loadTrialSeries(
  store: StoreReader,
  run: StoredRun,
  { trialIds }: TrialSeriesFilter = {},
): LoadedSeries {
  const wanted = run.trialList.filter(({ trialId }) => trialIds?.includes(trialId) ?? true);
  const binsMax = chooseBins(run);
  const series =
    trialIds === undefined
      ? store.binSamples(run.runId, { binsMax })
      : wanted.flatMap(({ trialId }) => store.binSamples(run.runId, { binsMax, trialId }));
  const seriesOf = Map.groupBy(series, ({ trialId }) => trialId);
  const events = Map.groupBy(
    store.loadEvents(run.runId, { perKindMax: EVENTS_PER_KIND_MAX }),
    ({ trialId }) => trialId,
  );
  const counts = Map.groupBy(store.countEvents(run.runId), ({ trialId }) => trialId);
  const trials = wanted.map((trial) =>
    assembleTrial(run, trial, {
      series: seriesOf.get(trial.trialId) ?? [],
      events: events.get(trial.trialId) ?? [],
      counts: counts.get(trial.trialId) ?? [],
    }),
  );
  return {
    trials,
    binsMax,
    binned: series.filter(({ binMs }) => binMs !== null).length,
    samples: series.reduce((sum, { samples }) => sum + samples, 0),
  };
}

/** Roughly how many series a trial has; the exact number is only known once they are read. */
const SERIES_PER_TRIAL = 30;

function chooseBins({ trialList }: StoredRun): number {
  const perSeries = Math.floor(POINTS_MAX / (SERIES_PER_TRIAL * Math.max(1, trialList.length)));
  return Math.min(BINS_MAX, Math.max(BINS_MIN, perSeries));
}

interface Seen {
  readonly series: readonly BinnedSeries[];
  readonly events: readonly StoredEvent[];
  readonly counts: readonly EventCount[];
}

function assembleTrial(run: StoredRun, trial: StoredTrial, seen: Seen): TrialSeries {
  const spec = run.variantList.find(({ name }) => name === trial.variant)?.spec;
  return {
    trialId: trial.trialId,
    variant: trial.variant,
    replicate: trial.replicate,
    state: trial.state,
    topology: spec?.topology ?? "direct",
    sources: spec?.workload.sources ?? 1,
    ports: spec === undefined ? null : readPorts(spec),
    phases: spec === undefined ? [] : listPhases({ ...spec.phases, measureMs: trial.measureMs }),
    markers: listMarkers(trial, seen),
    offered: spec === undefined ? null : offeredRate(spec.workload, trial.measureMs),
    series: new Map(
      seen.series.map((one) => [
        nameMetric(one),
        {
          tMs: one.tMs,
          mean: one.mean,
          min: one.binMs === null ? null : one.min,
          max: one.binMs === null ? null : one.max,
          binMs: one.binMs,
        },
      ]),
    ),
  };
}

/** Events that tell a failure's errno themselves. */
const TELLS_ERRNO: ReadonlySet<string> = new Set([
  "ports.exhausted",
  "ports.busy",
  "ports.refused",
]);

function listMarkers(trial: StoredTrial, { events, counts }: Seen): Marker[] {
  const totals = new Map(counts.map((one) => [`${one.role} ${one.kind}`, one.count]));
  const shown = new Set<string>();
  const fromEvents = events.flatMap((event): Marker[] => {
    if (!isMoment(event.kind)) return [];
    const key = `${event.role} ${event.kind}`;
    const total = totals.get(key) ?? 1;
    const isMany = total > EVENTS_PER_KIND_MAX;
    if (isMany && shown.has(key)) return [];
    shown.add(key);
    const words = describeEvent(event);
    const text = isMany ? `${words.text} (the first of ${formatNumber(total)})` : words.text;
    return [{ tMs: event.tMs, role: event.role, kind: event.kind, ...words, text }];
  });
  const isTold = (failure: FailureRecord): boolean =>
    events.some(({ kind, tMs }) => TELLS_ERRNO.has(kind) && tMs === failure.firstMs);
  const fromFailures = trial.failures.filter((failure) => !isTold(failure)).map(markFailure);
  return [...fromEvents, ...fromFailures].toSorted((a, b) => a.tMs - b.tMs);
}

function markFailure({ step, errno, count, firstMs }: FailureRecord): Marker {
  const text = `first ${errno} at ${step}(), ${formatNumber(count)} in all`;
  return {
    tMs: firstMs,
    role: "client",
    kind: `failures.${errno}`,
    text,
    why: EXPLAINED[errno] ?? "",
    tone: "failure",
  };
}

const EXPLAINED: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "the client has no free source port towards this destination",
  EADDRINUSE: "bind() found no free source port",
  ECONNREFUSED:
    "the target answered the SYN with a RST: nothing listens, or its queue is full and set to abort",
  ECONNRESET: "a RST arrived on an open connection",
  ETIMEDOUT: "nothing answered in time",
};
