import type { TrialSpec } from "@churnlab/core";
import type { AgentLimits } from "./agent-limits.ts";

/** What a trial takes besides its phases: the sides of all others, clocks, looks, results that come late. */
export const BESIDES_MS: number = 5 * 60_000;

/** Of setTimeout: milliseconds in 31 bits, 24.8 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** How long a side may be there at most, milliseconds from the moment it is asked for: a controller that beats could keep it for ever. */
export function boundSideMs(
  { phases, workload }: Pick<TrialSpec, "phases" | "workload">,
  { durationMs }: Pick<AgentLimits, "durationMs">,
  besidesMs: number,
): number {
  const { warmUpMs, measureMs, drainMs } = phases;
  const { connectMs, responseMs } = workload.timeouts;
  const neededMs = warmUpMs + measureMs + drainMs + connectMs + 2 * responseMs;
  const allowedMs = Math.min(neededMs, durationMs ?? Number.POSITIVE_INFINITY);
  return Math.min(allowedMs + besidesMs, TIMER_MS_MAX);
}
