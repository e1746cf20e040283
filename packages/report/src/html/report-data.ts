import type { GateResult } from "@churnlab/core";
import type { StoredEvent, StoredRun, StoreReader, VariantHistogram } from "@churnlab/store";
import { type LoadedSeries, loadTrialSeries } from "../charts/load-trial-series.ts";
import { compareRun, type RunComparison } from "../compare-run.ts";
import { gradeRun, type VariantForecast } from "../grade-run.ts";
import { judgeRun } from "../judge-run.ts";
import { readVariants, type VariantReadings } from "../variant-readings.ts";
import { readConnectCosts, type TrialConnectCost } from "./read-connect-costs.ts";

/** Everything that a report shows of one run, read once. */
export interface ReportData {
  readonly run: StoredRun;
  /** Completed trials by variant. */
  readonly readings: readonly VariantReadings[];
  readonly comparison: RunComparison;
  readonly gates: readonly GateResult[];
  /** What the port model predicts for each variant. */
  readonly forecasts: readonly VariantForecast[];
  readonly histograms: readonly VariantHistogram[];
  readonly series: LoadedSeries;
  readonly connectCosts: readonly TrialConnectCost[];
  /** Events that are tables, texts or conclusions, the first of each trial, role and kind. */
  readonly firstEvents: readonly StoredEvent[];
  /** Name of the file that all numbers come from. */
  readonly database: string;
}

/** Reads a run as a report shows it. Throws `E_RUN_UNKNOWN`. */
export function loadReportData(store: StoreReader, runId: string): ReportData {
  const comparison = compareRun(store, runId);
  const { run } = comparison;
  const firstEvents = store.loadEvents(runId, { perKindMax: 1 });
  return {
    run,
    readings: readVariants(run),
    comparison,
    gates: judgeRun(run),
    forecasts: gradeRun(run),
    histograms: sortByVariant(run, store.loadHistograms(runId)),
    series: loadTrialSeries(store, run),
    connectCosts: readConnectCosts(firstEvents),
    firstEvents,
    database: store.path.slice(store.path.lastIndexOf("/") + 1),
  };
}

/** The baseline first, then as the scenario lists them; a variant's histograms stay in their order. */
function sortByVariant(
  { variantList }: StoredRun,
  histograms: readonly VariantHistogram[],
): VariantHistogram[] {
  const places = new Map(variantList.map(({ name }, i) => [name, i]));
  return histograms.toSorted((a, b) => (places.get(a.variant) ?? 0) - (places.get(b.variant) ?? 0));
}
