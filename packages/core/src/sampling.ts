/** Counters and gauges of every role are read this often: pread on open descriptors, tens of microseconds. */
export const SAMPLE_INTERVAL_MS = 200;

/** Queues, rates of resets and latencies this often at most: a quantile needs enough values to be one. */
export const QUEUES_INTERVAL_MS = 1000;

/** Ports this often where no range may have been crossed: a dump walks the kernel's whole socket table. */
export const PORTS_INTERVAL_MS = 5000;
