/** What a sysctl takes. Integer bounds are those that the kernel enforces on write. */
export type SysctlValues =
  | { readonly kind: "integer"; readonly min: number; readonly max: number; readonly unit?: string }
  /** `low high`, both from 1 to 65535. */
  | { readonly kind: "port-range" }
  /** `8080,9000-9100`; empty is allowed. */
  | { readonly kind: "port-list" }
  | { readonly kind: "integers"; readonly count: number }
  | { readonly kind: "text" };

/**
 * `namespace`: every network namespace has its own, and a trial may set it. `read-only`: visible in a namespace, not
 * writable there. `host`: one for the whole machine, absent in other namespaces. `absent`: not in Linux any more, or only
 * in a vendor's kernel.
 */
export type SysctlScope = "namespace" | "read-only" | "host" | "absent";

/** Which end of a connection a setting acts on. */
export type ActsOn = "dialler" | "listener" | "first-closer" | "sender" | "both";

/** One knob: what it takes, where it lives, what it does, and what is wrongly said of it. */
export interface SysctlEntry {
  readonly name: string;
  /** The value in a new namespace; null when the kernel computes it from the machine (`meaning` says how). */
  readonly default: string | null;
  readonly values: SysctlValues;
  readonly scope: SysctlScope;
  /** The first Linux whose namespaces have it; null: all that Node 24 runs on (4.18) do. */
  readonly since: string | null;
  /** The first Linux without it; null: still there, or never in mainline (scope `absent`). */
  readonly removedIn: string | null;
  readonly actsOn: ActsOn;
  readonly meaning: string;
  /** Under which conditions it does nothing, and other things worth knowing. */
  readonly notes: readonly string[];
  /** What is often said and is not so. */
  readonly myths: readonly string[];
  /** Metrics that move with it. */
  readonly moves: readonly string[];
}

export type SysctlFacts = Partial<Omit<SysctlEntry, "name" | "meaning">>;

/** An entry of which only the unusual is said: else it takes any integer ≥ 0, per namespace, on both ends. */
export function describeSysctl(name: string, meaning: string, facts: SysctlFacts): SysctlEntry {
  return {
    name,
    default: null,
    values: NATURAL,
    scope: "namespace",
    since: null,
    removedIn: null,
    actsOn: "both",
    notes: [],
    myths: [],
    moves: [],
    meaning,
    ...facts,
  };
}

const INT_MAX = 2_147_483_647;

export const ANY_INTEGER: SysctlValues = { kind: "integer", min: -INT_MAX - 1, max: INT_MAX };
export const NATURAL: SysctlValues = { kind: "integer", min: 0, max: INT_MAX };

export function integer(min: number, max: number, unit?: string): SysctlValues {
  return { kind: "integer", min, max, ...(unit === undefined ? {} : { unit }) };
}
