import type { ChartValue } from "./time-chart.ts";
import type { SeriesColumns } from "./trial-series.ts";

/** A pause this much longer than the usual time between two points is a hole. */
const HOLE_FACTOR = 2.5;

export interface AlignedSeries {
  readonly tMs: readonly number[];
  /** One per column that was given, each as long as `tMs`. */
  readonly columns: readonly AlignedColumn[];
}

export interface AlignedColumn {
  readonly mean: readonly ChartValue[];
  readonly min: readonly ChartValue[] | null;
  readonly max: readonly ChartValue[] | null;
}

/** Brings series that were read at different times onto one axis. Missed samples become holes, never joined. */
export function alignSeries(series: readonly SeriesColumns[]): AlignedSeries {
  const holes = series.map((columns) => findHoles(columns.tMs));
  const tMs = mergeTimes([...series.map((columns) => columns.tMs), ...holes]);
  const places = new Map(tMs.map((t, i) => [t, i]));
  const columns = series.map((from, i): AlignedColumn => {
    const spread = (values: ArrayLike<number>): ChartValue[] => {
      const spreadValues = Array<ChartValue>(tMs.length).fill(undefined);
      for (const t of holes[i] ?? []) spreadValues[places.get(t) as number] = null;
      for (let k = 0; k < from.tMs.length; k++) {
        spreadValues[places.get(from.tMs[k] as number) as number] = values[k];
      }
      return spreadValues;
    };
    return {
      mean: spread(from.mean),
      min: from.min === null ? null : spread(from.min),
      max: from.max === null ? null : spread(from.max),
    };
  });
  return { tMs, columns };
}

function mergeTimes(lists: readonly ArrayLike<number>[]): number[] {
  const times = new Set<number>();
  for (const list of lists) for (let i = 0; i < list.length; i++) times.add(list[i] as number);
  return [...times].toSorted((a, b) => a - b);
}

/** The middle of every pause in which samples are missing. */
export function findHoles(tMs: ArrayLike<number>): number[] {
  const pauses = listPauses(tMs);
  const usual = usualPauseMs(tMs);
  return pauses.flatMap((pause, i) =>
    pause > HOLE_FACTOR * usual ? [(tMs[i] as number) + pause / 2] : [],
  );
}

/** The median time between two neighbouring points; 0 of fewer than two. */
export function usualPauseMs(tMs: ArrayLike<number>): number {
  const pauses = listPauses(tMs).toSorted((a, b) => a - b);
  return pauses[Math.floor(pauses.length / 2)] ?? 0;
}

function listPauses(tMs: ArrayLike<number>): number[] {
  return Array.from(
    { length: Math.max(0, tMs.length - 1) },
    (_, i) => (tMs[i + 1] as number) - (tMs[i] as number),
  );
}
