import { bucketUpperUs, type HistogramRecord, TICKS_PER_US } from "@churnlab/core";
import { build } from "hdr-histogram-js";

/** 3 digits up to 2³² ticks: the layout in which latencies are recorded. */
const LAYOUT = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2 ** 32,
  numberOfSignificantValueDigits: 3,
  useWebAssembly: false,
} as const;

/** Lines per halving of the distance to 100 %. */
const TICKS_PER_HALF_DISTANCE = 5;

/** The percentile distribution of a histogram in microseconds, as HdrHistogram's plotter reads it (`.hgrm`). */
export function formatHgrm(record: HistogramRecord): string {
  const histogram = build(LAYOUT);
  record.indexes.forEach((bucket, i) => {
    const ticks = Math.round(bucketUpperUs(bucket) * TICKS_PER_US);
    histogram.recordValueWithCount(ticks, record.counts[i] as number);
  });
  return histogram.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, TICKS_PER_US);
}
