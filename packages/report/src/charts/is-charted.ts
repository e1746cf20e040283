import { LATENCY_KEYS } from "./chart-latency.ts";
import { FAILURES_PREFIX, LOSSES } from "./chart-losses.ts";
import { PORT_KEYS, SOCKETS_PREFIX } from "./chart-port-budget.ts";
import { QUEUE_KEYS } from "./chart-queues.ts";
import { RATE_KEYS } from "./chart-rates.ts";

/** What `/metrics` gives of a live run and no chart draws. */
const COUNTED_KEYS = ["connections.attempted", "connections.established"] as const;

const KEYS: ReadonlySet<string> = new Set([
  ...PORT_KEYS,
  ...QUEUE_KEYS,
  ...RATE_KEYS,
  ...LATENCY_KEYS,
  ...LOSSES.map(([counter]) => counter),
  ...COUNTED_KEYS,
]);

/** Whether a picture, a tile or `/metrics` shows a metric of a role while it is sampled. */
export function isCharted(metric: string): boolean {
  return (
    KEYS.has(metric) || metric.startsWith(FAILURES_PREFIX) || metric.startsWith(SOCKETS_PREFIX)
  );
}
