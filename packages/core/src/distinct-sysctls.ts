import type { SysctlRecord } from "./observation.ts";

/**
 * Each record once, in the order in which it first comes. Hosts of a role and trials of a variant get the same values; one that
 * read back otherwise stays visible.
 */
export function distinctSysctls(records: readonly SysctlRecord[]): SysctlRecord[] {
  return [...new Map(records.map((record) => [JSON.stringify(record), record])).values()];
}
