import { createHash } from "node:crypto";
import type { Environment, Scenario, TrialSpec } from "@churnlab/core";

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
 * The keys among `facts` that differ between the variants of one run because the scenario asks for it: the sysctls that
 * not every variant writes with the same value, the engine and the target's server if variants ask for different ones,
 * everything of the upstream if not every variant has one. A sysctl that all variants pin to one value does not vary.
 */
export function listVaryingFacts(
  { variants }: Pick<Scenario, "variants">,
  facts: Iterable<string>,
): string[] {
  const specs = variants.map(({ spec }) => spec);
  const sysctls = listVaryingSysctls(specs);
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

/** As `role.name`. A variant that leaves one as it is differs from one that writes it. */
function listVaryingSysctls(specs: readonly TrialSpec[]): ReadonlySet<string> {
  const written = specs.map(({ sysctls }) => {
    const entries = Object.entries(sysctls).flatMap(([role, settings]) =>
      Object.entries(settings).map(([name, value]) => [`${role}.${name}`, value] as const),
    );
    return new Map(entries);
  });
  const names = new Set(written.flatMap((settings) => [...settings.keys()]));
  return new Set(
    [...names].filter((name) => new Set(written.map((settings) => settings.get(name))).size > 1),
  );
}

const HASH_DIGITS = 16;

/** One short text for all facts but the varying ones: of the place, and of what the scenario pins for all variants. */
export function hashFacts(
  facts: Readonly<Record<string, string>>,
  scenario: Pick<Scenario, "variants">,
): string {
  const varying = new Set(listVaryingFacts(scenario, Object.keys(facts)));
  const fixed = Object.entries(facts)
    .filter(([key]) => !varying.has(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return digest(JSON.stringify(fixed));
}

/** A short text that is equal for equal texts. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_DIGITS);
}
