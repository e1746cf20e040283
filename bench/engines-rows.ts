// Names, units and targets of the rows of the engines benchmark.
import type { Target } from "./benchmark.ts";

const TARGETS: Readonly<Record<string, Target>> = {
  "short-lived.ring/wrk.rate": { min: 1.25 },
  "short-lived.ring/wrk.cpu": { max: 0.8 },
  "short-lived.epoll/wrk.cpu": { max: 1.15 },
  "keep-alive.ring/wrk.per_cpu_second": { min: 0.95 },
  "keep-alive.ring/autocannon.rate": { min: 5 },
  "open-loop.shortfall": { max: 0.1 },
  "open-loop.lateness_p99": { max: 1000 },
  "workers.two/one.cpu": { max: 1.1 },
  "target.ring/client.cpu": { max: 0.75 },
  "hold.bytes_per_connection": { max: 300 },
};

/** Units by the end of an id; the first that fits. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/\//, "ratio"],
  [/^keep-alive\..*\.rate$/, "requests/s"],
  [/\.rate$/, "connections/s"],
  [/^keep-alive\..*\.cpu$/, "us/request"],
  [/\.cpu$/, "us/connection"],
  [/shortfall$/, "% of offered"],
  [/lateness/, "us"],
  [/bytes/, "bytes"],
];

export function describeRow(id: string): { id: string; unit: string; target: Target | null } {
  const unit = UNITS.find(([pattern]) => pattern.test(id))?.[1] ?? "";
  return { id, unit, target: TARGETS[id] ?? null };
}
