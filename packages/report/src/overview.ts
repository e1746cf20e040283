import { BLOCKS_MIN, type MetricKey, maxOf, nameMetric } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import {
  claimedMetrics,
  type JudgedMetric,
  type RunComparison,
  type VariantComparison,
} from "./compare-run.ts";
import { gradeRun } from "./grade-run.ts";
import { groupMetrics, isHeadline, isKeyMetric, isMainMetric, isShadow } from "./metric-groups.ts";
import { formatReading } from "./text/format-reading.ts";
import {
  listRunMetrics,
  type MetricReading,
  readMetric,
  readVariants,
  type VariantReadings,
} from "./variant-readings.ts";

/** The dozen metrics of a run that matter and moved, with a column for each variant, or for each of two runs. */
export interface Overview {
  /** What is compared, where a comparison has more than one table. */
  readonly title: string | null;
  /** The baseline first. */
  readonly columns: readonly OverviewColumn[];
  readonly rows: readonly OverviewRow[];
}

export interface OverviewColumn {
  readonly title: string;
  readonly side: VariantReadings;
  /** How it compares with the first column; null for that itself, and where nothing is compared. */
  readonly pair: VariantComparison | null;
}

export interface OverviewRow {
  readonly key: MetricKey;
  /** One for each column. */
  readonly readings: readonly MetricReading[];
}

/** One table for the variants of a run; one for each variant that two runs share. */
export function buildOverviews(comparison: RunComparison): Overview[] {
  const { run, baselineRun, variants } = comparison;
  const [first] = variants;
  if (first === undefined) return [buildRunOverview(run)];
  if (run === baselineRun) {
    const columns = [
      { title: first.baseline, side: findSide(run, first.baseline), pair: null },
      ...variants.map((pair) => ({
        title: pair.candidate,
        side: findSide(run, pair.candidate),
        pair,
      })),
    ];
    const keys = comparison.chosen ?? listOpenMetrics(run);
    return [{ title: null, columns, rows: selectRows(keys, columns, comparison) }];
  }
  return variants.map((pair) => {
    const columns = [
      { title: `A ${baselineRun.runId}`, side: findSide(baselineRun, pair.baseline), pair: null },
      { title: `B ${run.runId}`, side: findSide(run, pair.candidate), pair },
    ];
    const keys = pair.metrics.map(({ comparison: { role, metric } }) => ({ role, metric }));
    return {
      title: `${pair.candidate}: B against A`,
      columns,
      rows: selectRows(keys, columns, comparison),
    };
  });
}

/** The variants of a run side by side, compared with nothing. */
export function buildRunOverview(run: StoredRun): Overview {
  const columns = readVariants(run).map((side) => ({ title: side.variant, side, pair: null }));
  return {
    title: null,
    columns,
    rows: selectRows(listOpenMetrics(run), columns, { chosen: null }),
  };
}

/** When ports ran out is told with its prediction, where there is one. */
function listOpenMetrics(run: StoredRun): MetricKey[] {
  const graded = gradeRun(run).some(({ grades }) =>
    grades.some(({ prediction, trials }) => prediction.metric === ONSET && trials.length > 0),
  );
  return listRunMetrics(run).filter(({ metric }) => !graded || metric !== ONSET);
}

const ONSET = "ports.first_exhausted_ms";

function findSide(run: StoredRun, name: string): VariantReadings {
  return readVariants(run).find(({ variant }) => variant === name) ?? { variant: name, trials: [] };
}

/** Whether the two sides may be judged, and have the blocks that the shortest interval needs. */
export function isJudged({ pair }: OverviewColumn): boolean {
  return pair !== null && pair.fingerprint.comparable && countBlocks(pair) >= BLOCKS_MIN;
}

/** Blocks with a number on both sides. */
export function countBlocks({ metrics }: VariantComparison): number {
  return Math.max(0, maxOf(metrics.map(({ comparison }) => comparison.n)));
}

export function findJudged(
  { pair }: OverviewColumn,
  { role, metric }: MetricKey,
): JudgedMetric | undefined {
  return pair?.metrics.find(
    ({ comparison }) => comparison.role === role && comparison.metric === metric,
  );
}

/** Everything that was asked for; else, of the headlines, those of the short list, and every difference that is claimed. */
function selectRows(
  keys: readonly MetricKey[],
  columns: readonly OverviewColumn[],
  { chosen }: Pick<RunComparison, "chosen">,
): OverviewRow[] {
  const toRow = (key: MetricKey): OverviewRow => {
    return { key, readings: columns.map(({ side }) => readMetric(side, key)) };
  };
  if (chosen !== null) return keys.map(toRow);
  const claimed = new Set(
    columns.flatMap(({ pair }) => (pair === null ? [] : claimedMetrics(pair))),
  );
  const listed = keys.filter(
    ({ role, metric }) =>
      isHeadline(metric) &&
      (isKeyMetric(metric) || (!isShadow(metric) && claimed.has(nameMetric({ role, metric })))),
  );
  const told = groupMetrics(listed, ({ metric }) => metric).flatMap(({ members }) =>
    dropRepeats(
      members
        .map(toRow)
        .filter((row) => (isMainMetric(row.key.metric) ? !isZero(row) : moves(row, columns))),
    ),
  );
  const hasErrnos = told.some(({ key }) => key.metric.startsWith("failures."));
  // What failed is the sum of its errnos.
  return told.filter(({ key }) => !hasErrnos || key.metric !== "connections.failed");
}

function isZero({ readings }: OverviewRow): boolean {
  return readings.every(({ values, never }) => !never && values.every((value) => value === 0));
}

/** Whether the variants differ; in a run of one variant, whether there is anything. */
function moves(row: OverviewRow, columns: readonly OverviewColumn[]): boolean {
  if (isZero(row)) return false;
  if (columns.length === 1) return true;
  const seen = row.readings
    .filter((_, i) => (columns[i]?.side.trials.length ?? 0) > 0)
    .flatMap(({ values, never }) => [...new Set([...values, ...(never ? ["never"] : [])])]);
  return new Set(seen).size > 1;
}

/**
 * Within a group, a row that reads as an earlier one says nothing new: ports in use that are those in TIME_WAIT, resets
 * that one side sent and the other received. Errnos are different facts even where their counts are equal.
 */
function dropRepeats(rows: readonly OverviewRow[]): OverviewRow[] {
  const told = new Set<string>();
  return rows.filter(({ key, readings }) => {
    if (key.metric.startsWith("failures.")) return true;
    const text = JSON.stringify(readings.map((reading) => formatReading(key.metric, reading)));
    if (told.has(text)) return false;
    told.add(text);
    return true;
  });
}
