import type { StoredRun } from "@churnlab/store";

/**
 * What a variant was asked to do, as flat facts (`scenario.workload.closer → "client"`), so that a difference between two
 * runs has a name. Sysctls are left out: each trial's environment has them as they took effect.
 */
export function describeScenario(run: StoredRun, variant: string): Record<string, string> {
  const spec = run.variantList.find(({ name }) => name === variant)?.spec;
  if (spec === undefined) return {};
  return Object.fromEntries(flatten("scenario", { ...spec, sysctls: null }));
}

function flatten(path: string, value: unknown): [string, string][] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(`${path}.${key}`, inner));
}
