import { createHash } from "node:crypto";
import type { Environment, Scenario } from "@churnlab/core";

/** What of a trial tells where and with what it ran. */
export interface TrialPlace {
  readonly environment: Environment | null;
  readonly engine: string | null;
}

const CONNTRACK_SETTING = /^(\w+)\.net\.netfilter\.nf_conntrack_/;

/** Settings of connection tracking decide nothing for a role that tracked no connection. */
function decides(key: string, facts: Readonly<Record<string, string>>): boolean {
  const [, role] = CONNTRACK_SETTING.exec(key) ?? [];
  return role === undefined || facts[`${role}.conntrack`] === "tracks";
}

/**
 * The deciding facts of trials that ran under one variant, and the engine they used. A fact on which they do not agree has all
 * its values, `ring | net`, so that it differs from one on which others agree.
 */
export function collectFacts(trials: readonly TrialPlace[]): Record<string, string> {
  const values = new Map<string, Set<string>>();
  for (const { environment, engine } of trials) {
    if (environment === null) continue;
    const facts = engine === null ? environment.facts : { ...environment.facts, engine };
    for (const [key, value] of Object.entries(facts)) {
      if (!decides(key, facts)) continue;
      const seen = values.get(key);
      if (seen === undefined) values.set(key, new Set([value]));
      else seen.add(value);
    }
  }
  return Object.fromEntries(
    [...values]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, seen]) => [key, [...seen].toSorted().join(" | ")]),
  );
}

/**
 * The keys among `facts` that the scenario itself sets or varies, so that a difference in them is meant: the sysctls it
 * writes, the engine and the target's server if variants ask for different ones, everything of the upstream if not every
 * variant has one.
 */
export function listVaryingFacts(
  { variants }: Pick<Scenario, "variants">,
  facts: Iterable<string>,
): string[] {
  const specs = variants.map(({ spec }) => spec);
  const sysctls = new Set(
    specs.flatMap((spec) =>
      Object.entries(spec.sysctls).flatMap(([role, settings]) =>
        Object.keys(settings).map((name) => `${role}.${name}`),
      ),
    ),
  );
  const variesEngine = new Set(specs.map(({ workload }) => workload.engine)).size > 1;
  const variesTarget = new Set(specs.map(({ target }) => JSON.stringify(target))).size > 1;
  const variesTopology = new Set(specs.map(({ topology }) => topology)).size > 1;
  return [...facts].filter(
    (key) =>
      sysctls.has(key) ||
      (key === "engine" && variesEngine) ||
      (key === "target.server" && variesTarget) ||
      (key.startsWith("upstream.") && variesTopology),
  );
}

const HASH_DIGITS = 16;

/** One short text for all facts but the varying ones; equal for runs that may be compared with each other. */
export function hashFacts(
  facts: Readonly<Record<string, string>>,
  scenario: Pick<Scenario, "variants">,
): string {
  const varying = new Set(listVaryingFacts(scenario, Object.keys(facts)));
  const fixed = Object.entries(facts)
    .filter(([key]) => !varying.has(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(fixed)).digest("hex").slice(0, HASH_DIGITS);
}
