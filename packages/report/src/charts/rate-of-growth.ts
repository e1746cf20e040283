import { usualPauseMs } from "./align-series.ts";
import type { SeriesColumns } from "./trial-series.ts";

/** A window shorter than this share of the usual one says more of its length than of a rate. */
const WINDOW_SHARE_MIN = 0.25;

/**
 * A count that only grows, as events per second: the growth between two neighbouring points over the time between them,
 * at the later one. A look that follows the one before too closely is passed over. A count that fell (a counter that wrapped) leaves a hole. Bins give the count at their beginning.
 */
export function rateOfGrowth({ tMs, mean, min, binMs }: SeriesColumns): SeriesColumns {
  const counts = min ?? mean;
  const times: number[] = [];
  const perS: number[] = [];
  const lengthMsMin = WINDOW_SHARE_MIN * usualPauseMs(tMs);
  let from = 0;
  for (let i = 1; i < tMs.length; i++) {
    const growth = (counts[i] as number) - (counts[from] as number);
    const lengthMs = (tMs[i] as number) - (tMs[from] as number);
    if (lengthMs <= lengthMsMin) continue;
    from = i;
    if (growth < 0) continue;
    times.push(tMs[i] as number);
    perS.push((growth * 1000) / lengthMs);
  }
  return { tMs: times, mean: perS, min: null, max: null, binMs };
}
