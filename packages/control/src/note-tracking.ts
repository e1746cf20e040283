import type { Environment } from "@churnlab/core";
import type { Recorder } from "./recorder.ts";

/**
 * The environment with the fact `<role>.conntrack`: `tracks` where connections were tracked, else `idle`. Without a rule
 * that asks for it a namespace tracks nothing, and the settings of connection tracking act on nothing.
 */
export function noteTracking(environment: Environment, recording: Recorder): Environment {
  const window = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
  const facts = recording.readings().flatMap(({ observer: { role } }) => {
    const entries = recording.series.window(role, "conntrack", window);
    if (entries.length === 0) return [];
    return [[`${role}.conntrack`, entries.some((count) => count > 0) ? "tracks" : "idle"]];
  });
  return { facts: { ...environment.facts, ...Object.fromEntries(facts) } };
}
