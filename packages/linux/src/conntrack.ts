import type { NetworkNamespace } from "./network-namespace.ts";
import { readSysctls } from "./sysctls.ts";

export interface ConntrackStatistics {
  /** Entries of this namespace's table. */
  readonly entries: number;
  /** The other columns by name, summed over processors. */
  readonly sums: Readonly<Record<string, number>>;
}

/**
 * /proc/net/stat/nf_conntrack: a line of names, then a line of hexadecimal numbers per processor. `entries` is the size
 * of the table, the same in each line; all else counts per processor.
 */
export function parseConntrackStatistics(text: string): ConntrackStatistics {
  const [header = "", ...rows] = text.trim().split("\n");
  const names = header.trim().split(/\s+/);
  const sums: Record<string, number> = {};
  for (const row of rows) {
    for (const [column, hex] of row.trim().split(/\s+/).entries()) {
      const name = names[column];
      if (name !== undefined) sums[name] = (sums[name] ?? 0) + Number.parseInt(hex, 16);
    }
  }
  return { entries: (sums["entries"] ?? 0) / Math.max(1, rows.length), sums };
}

/**
 * Most entries a namespace may have: one number for the host, compared with each namespace's own count. Undefined where
 * connection tracking is not loaded.
 */
export function readConntrackMax(namespace: NetworkNamespace): number | undefined {
  const name = "net.netfilter.nf_conntrack_max";
  const value = readSysctls(namespace, [name])[name];
  return value === undefined ? undefined : Number(value);
}
