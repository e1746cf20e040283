import type { Plan } from "@churnlab/core";

/** Building and removing a world, arming workers, and the last connections' time to close. */
const OVERHEAD_MS = 300;

/** About how long a plan takes. */
export function estimatePlanMs(plan: Plan): number {
  return plan.trials.reduce((sum, { spec: { phases } }) => {
    return sum + phases.warmUpMs + phases.measureMs + phases.drainMs + OVERHEAD_MS;
  }, 0);
}
