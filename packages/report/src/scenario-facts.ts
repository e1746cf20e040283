import type { StoredRun } from "@churnlab/store";
import { flattenFields } from "./flatten-fields.ts";

/**
 * What a variant was asked to do, as flat facts (`scenario.workload.closer → "client"`), so that a difference between two
 * runs has a name. Sysctls are left out: each trial's environment has them as they took effect.
 */
export function describeScenario(run: StoredRun, variant: string): Record<string, string> {
  const spec = run.variantList.find(({ name }) => name === variant)?.spec;
  if (spec === undefined) return {};
  const fields = flattenFields({ scenario: { ...spec, sysctls: null } });
  return Object.fromEntries(fields.map(([path, value]) => [path, JSON.stringify(value)]));
}
