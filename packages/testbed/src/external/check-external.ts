import { ChurnError, type Scenario } from "@churnlab/core";
import { describeLoad } from "./describe-load.ts";
import type { ExternalTargets } from "./external-targets.ts";
import type { ExternalTarget } from "./find-external-target.ts";

/** What is allowed, and where what will be sent is told. */
export interface ExternalCheck {
  /** Whether hosts may be loaded that are neither this machine nor in the range for tests. */
  readonly allowed: boolean;
  /** Keeps what is looked up, for the testbed. */
  readonly targets: ExternalTargets;
}

/**
 * What testbed external is going to send, one line for each host and load. Rejects with `E_EXTERNAL`, which says the same,
 * where a host is neither this machine nor in the range for tests and the user has not allowed it.
 */
export async function checkExternal(
  scenarios: readonly Scenario[],
  { allowed, targets }: ExternalCheck,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const foreign = new Set<string>();
  for (const { name, variants, replicates } of scenarios) {
    for (const { name: variant, spec } of variants) {
      if (spec.testbed !== "external" || !("url" in spec.target)) continue;
      const target = await targets.find(spec.target.url);
      const place = describePlace(target);
      lines.push(`${place}: ${describeLoad(spec)}, ${times(replicates)} (${name}, ${variant})`);
      if (!target.isFree) foreign.add(place);
    }
  }
  if (foreign.size > 0 && !allowed) throw refuse(foreign, lines);
  return lines;
}

/** A trial may go to a target that nobody else minds, or that the user has allowed. Throws `E_EXTERNAL`. */
export function requireAllowed(target: ExternalTarget, allowed: boolean): void {
  if (!allowed && !target.isFree) throw refuse(new Set([describePlace(target)]), []);
}

function describePlace({ url, host, port }: ExternalTarget): string {
  return `${url} (${host} port ${port})`;
}

function refuse(places: ReadonlySet<string>, lines: readonly string[]): ChurnError {
  const asked = lines.map((line) => `\n  ${line}`).join("");
  return new ChurnError(
    "E_EXTERNAL",
    `Not a host of this machine: ${[...places].join(", ")}${asked}`,
    {
      hint: "If it is yours to load, and can bear it, say so with --allow-external.",
    },
  );
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
