import type { Measurement } from "../measurement.ts";
import { nameMetric } from "../metric-key.ts";
import type { Role } from "../role.ts";
import type { BindMode, Topology } from "../scenario.ts";
import type { FailureRecord } from "../tally.ts";
import type { Warning } from "../warnings.ts";
import type { Limit, LimitEvidence, LimitedResource } from "./limit.ts";

/** Looks for the marks of one shortage. */
export type Find = (seen: Seen) => Limit[];

/** Numbers by name; what was not measured is 0. */
export class Seen {
  readonly bind: BindMode;
  readonly topology: Topology;
  readonly measurements: readonly Measurement[];
  readonly warnings: readonly Warning[];
  readonly events: LimitEvidence["events"];
  readonly facts: LimitEvidence["facts"];
  readonly #values: ReadonlyMap<string, number>;
  readonly #failures: readonly FailureRecord[];

  constructor(evidence: LimitEvidence) {
    const { measurements, failures, warnings, bind, topology, events, facts } = evidence;
    this.bind = bind;
    this.topology = topology;
    this.measurements = measurements;
    this.warnings = warnings;
    this.events = events;
    this.facts = facts;
    this.#failures = failures;
    this.#values = new Map(measurements.map((m) => [nameMetric(m), m.value]));
  }

  of(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** Those of the names whose value is above 0, with their values. */
  positive(names: readonly string[]): Record<string, number> {
    return Object.fromEntries(
      names.map((name) => [name, this.of(name)] as const).filter(([, value]) => value > 0),
    );
  }

  failed(errnos: readonly string[], steps: readonly string[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { errno, step, count } of this.#failures) {
      if (!errnos.includes(errno) || !steps.includes(step)) continue;
      const name = `${step}.${errno}`;
      counts[name] = (counts[name] ?? 0) + count;
    }
    return counts;
  }
}

/** A limit where there is evidence of it, else none. */
export function limit(
  role: Role,
  [resource, meaning]: readonly [LimitedResource, string],
  evidence: Readonly<Record<string, number>>,
): Limit[] {
  return Object.keys(evidence).length === 0 ? [] : [{ resource, role, meaning, evidence }];
}
