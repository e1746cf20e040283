/** Flat `key → value` facts of an environment, as `Environment.facts`. */
export type Fingerprint = Readonly<Record<string, string>>;

export interface FingerprintOptions {
  /** Keys that the scenario itself varies, as `client.net.ipv4.tcp_tw_reuse`. */
  readonly varying?: readonly string[];
  /** Keys, or their first segments (`kernel` for `kernel.release`), whose difference a person accepts. */
  readonly allow?: readonly string[];
}

export interface FingerprintDifference {
  readonly key: string;
  /** null: this side lacks the key. */
  readonly baseline: string | null;
  readonly candidate: string | null;
  /** Why it does not forbid a verdict; null when it does. */
  readonly excuse: "varies" | "allowed" | null;
}

export interface FingerprintComparison {
  readonly comparable: boolean;
  /** Everything that differs, excused or not, by key. */
  readonly differences: readonly FingerprintDifference[];
}

/**
 * Whether two environments may be judged against each other: they agree in every fact, except those that the scenario
 * varies and those that are allowed to differ. A fact that one side lacks is a difference.
 */
export function compareFingerprints(
  baseline: Fingerprint,
  candidate: Fingerprint,
  { varying = [], allow = [] }: FingerprintOptions = {},
): FingerprintComparison {
  const varies = new Set(varying);
  const keys = [...new Set([...Object.keys(baseline), ...Object.keys(candidate)])].toSorted();
  const differences = keys
    .map((key): FingerprintDifference => {
      const excuse = varies.has(key) ? "varies" : isAllowed(key, allow) ? "allowed" : null;
      return { key, baseline: valueOf(baseline, key), candidate: valueOf(candidate, key), excuse };
    })
    .filter((difference) => difference.baseline !== difference.candidate);
  return { comparable: differences.every(({ excuse }) => excuse !== null), differences };
}

function valueOf(facts: Fingerprint, key: string): string | null {
  return Object.hasOwn(facts, key) ? (facts[key] ?? null) : null;
}

function isAllowed(key: string, allow: readonly string[]): boolean {
  return allow.some((entry) => key === entry || key.startsWith(`${entry}.`));
}
