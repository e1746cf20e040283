import type { MetricClass } from "../metrics.ts";

/**
 * The smallest relative difference that matters, by metric class; a smaller one is no difference, however surely it is
 * measured. A histogram of three digits resolves 0.1 %, so a latency margin below 1 % would judge its buckets.
 */
export const METRIC_MARGINS: Readonly<Record<MetricClass, number>> = {
  rate: 0.03,
  time: 0.03,
  "latency-middle": 0.05,
  "latency-tail": 0.1,
  gauge: 0.05,
  count: 0.05,
  share: 0.05,
  cost: 0.05,
};

/** The smallest change that matters of a metric that is 0 in the baseline, where no ratio exists; in its own unit. */
export const ZERO_BASELINE_MARGINS: Readonly<Record<MetricClass, number>> = {
  rate: 1,
  time: 1,
  "latency-middle": 1,
  "latency-tail": 1,
  gauge: 1,
  count: 1,
  share: 0.01,
  cost: 1,
};

/** Events per connection that are tolerated where the baseline has none. */
export const EVENT_BUDGET = 1e-5;
