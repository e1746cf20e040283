import { ChurnError, countOpenFiles, formatNumber, type Scenario } from "@churnlab/core";
import { readOpenFileLimit } from "@churnlab/linux";
import { whyNotFromOutside } from "@churnlab/testbed";

interface LimitsHere {
  readonly openFilesMax?: number;
  /** Whether containers are measured by this process, whose connections are then its own. */
  readonly fromOutside?: boolean;
}

/**
 * Asks the hard limit on open files, up to which Node raises its own when it starts, for what every variant needs. Throws
 * `E_NOFILE` before anything runs; what a trial still runs short of is its `W_NO_DESCRIPTORS`. Nothing is asked for containers
 * that are measured from inside: the connections are another container's, with the limit that its engine sets.
 */
export function checkLimits(
  scenarios: readonly Pick<Scenario, "name" | "variants">[],
  {
    openFilesMax = readOpenFileLimit().hard,
    fromOutside = whyNotFromOutside() === null,
  }: LimitsHere = {},
): void {
  for (const { name, variants } of scenarios) {
    for (const variant of variants) {
      if (variant.spec.testbed === "docker" && !fromOutside) continue;
      const needed = countOpenFiles(variant.spec);
      if (needed <= openFilesMax) continue;
      throw new ChurnError(
        "E_NOFILE",
        `${name}, variant ${variant.name}: about ${formatNumber(needed)} files open at once, but the limit is ${formatNumber(openFilesMax)}`,
        { hint: `Raise it with: ulimit -n ${needed} (as root where it is the hard limit).` },
      );
    }
  }
}
