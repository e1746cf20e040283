import type { SeriesColumns } from "./trial-series.ts";

/**
 * A count that only grows, as events per second: the growth between two neighbouring points over the time between them,
 * at the later one. A count that fell (a counter that wrapped) leaves a hole. Bins give the count at their beginning.
 */
export function rateOfGrowth({ tMs, mean, min, binMs }: SeriesColumns): SeriesColumns {
  const counts = min ?? mean;
  const times: number[] = [];
  const perS: number[] = [];
  for (let i = 1; i < tMs.length; i++) {
    const growth = (counts[i] as number) - (counts[i - 1] as number);
    const lengthMs = (tMs[i] as number) - (tMs[i - 1] as number);
    if (growth < 0 || lengthMs <= 0) continue;
    times.push(tMs[i] as number);
    perS.push((growth * 1000) / lengthMs);
  }
  return { tMs: times, mean: perS, min: null, max: null, binMs };
}
