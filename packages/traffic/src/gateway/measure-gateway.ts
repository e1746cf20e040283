import type { TargetCounters } from "../target/target-counters.ts";

/** What a gateway has done towards its upstream so far, by metric. A connection that was opened has not failed. */
export function measureGateway(counters: TargetCounters): ReadonlyMap<string, number> {
  const failures = counters.failures();
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const asked = counters.read("upstreamAttempted");
  const served = counters.read("upstreamServed");
  return new Map<string, number>([
    ["connections.attempted", counters.read("dialled")],
    ["connections.established", counters.read("connected")],
    ["connections.failed", failed],
    ["requests.attempted", asked],
    ["requests.succeeded", served],
    ["requests.failed", asked - served],
    ...[...failures].map(([errno, count]) => [`failures.${errno}`, count] as const),
  ]);
}
