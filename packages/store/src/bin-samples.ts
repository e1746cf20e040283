import type { Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { listSeries } from "./list-series.ts";
import type { SampleFilter } from "./stored-run.ts";

/**
 * One metric of one trial over time, with at most as many points as were asked for. Holes stay holes: a bin without a
 * sample is absent.
 */
export interface BinnedSeries {
  readonly trialId: number;
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
  /** Width of a bin; null where every point is one sample. */
  readonly binMs: number | null;
  /** Samples in all. */
  readonly samples: number;
  /** Of the first sample in the bin; ascends. */
  readonly tMs: Float64Array;
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

type Extent = readonly [samples: number, firstUs: number, lastUs: number];
type Point = readonly [tUs: number, mean: number, min: number, max: number];

const US_PER_MS = 1000;

/** The series that pass the filter, by trial, role and metric; none has more than `binsMax` points. */
export function binSamples(
  db: Database,
  runId: string,
  { binsMax, ...filter }: SampleFilter & { readonly binsMax: number },
): BinnedSeries[] {
  const measure = db
    .prepare<[number], Extent>("SELECT count(*), min(t_us), max(t_us) FROM sample WHERE series = ?")
    .raw();
  const selectAll = db
    .prepare<[number], Point>(
      "SELECT t_us, value, value, value FROM sample WHERE series = ? ORDER BY t_us",
    )
    .raw();
  const selectBins = db
    .prepare<[number, number, number], Point>(
      `SELECT min(t_us), avg(value), min(value), max(value) FROM sample WHERE series = ?
       GROUP BY (t_us - CAST(? AS INTEGER)) / CAST(? AS INTEGER) ORDER BY 1`,
    )
    .raw();
  return listSeries(db, runId, filter).map(({ id, ...series }) => {
    const [samples, firstUs, lastUs] = measure.get(id) as Extent;
    if (samples <= binsMax)
      return { ...series, samples, binMs: null, ...toColumns(selectAll.all(id)) };
    const widthUs = Math.floor((lastUs - firstUs) / binsMax) + 1;
    const points = selectBins.all(id, firstUs, widthUs);
    return { ...series, samples, binMs: widthUs / US_PER_MS, ...toColumns(points) };
  });
}

function toColumns(points: readonly Point[]): Pick<BinnedSeries, "tMs" | "mean" | "min" | "max"> {
  return {
    tMs: Float64Array.from(points, ([tUs]) => tUs / US_PER_MS),
    mean: Float64Array.from(points, ([, mean]) => mean),
    min: Float64Array.from(points, ([, , min]) => min),
    max: Float64Array.from(points, ([, , , max]) => max),
  };
}
