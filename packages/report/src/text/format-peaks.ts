import { nameEnd } from "@churnlab/core";
import type { RunPeaks } from "@churnlab/store";
import { formatCount, formatNumber, formatValue } from "../format-value.ts";
import { layoutTable, type TableRow } from "./layout-table.ts";
import type { Style } from "./style.ts";

/** Tuples and listeners that a variant is shown with; the views of the database have all. */
const ROWS_PER_VARIANT_MAX = 5;

/**
 * Which tuples of ports and which listeners came closest to their limits, the fullest trial of each. Empty where there
 * is only one of a kind, which the metrics tell already, unless `all` is asked for.
 */
export function formatPeaks(
  peaks: RunPeaks,
  { all, style }: { readonly all: boolean; readonly style: Style },
): string[] {
  const ports = limitRows(
    fullest(peaks.portUses, nameTuple, ({ used }) => used),
    all,
  );
  const queues = limitRows(
    fullest(peaks.listenerQueues, nameListener, ({ depth }) => depth),
    all,
  );
  const portTable = ports.flatMap(({ variant, shown, leftOff }): TableRow[] => [
    ...shown.map((use, i) => [
      i === 0 ? variant : "",
      use.role,
      nameTuple(use),
      formatNumber(use.used),
      formatNumber(use.range),
      use.range === 0 ? "" : `${Math.round((100 * use.used) / use.range)} %`,
      formatValue(use.tMs, "ms"),
    ]),
    ...tellLeftOff(leftOff, "tuple"),
  ]);
  const queueTable = queues.flatMap(({ variant, shown, leftOff }): TableRow[] => [
    ...shown.map((queue, i) => [
      i === 0 ? variant : "",
      queue.role,
      nameListener(queue),
      formatNumber(queue.depth),
      formatNumber(queue.limit),
      formatNumber(queue.synReceived),
      formatValue(queue.tMs, "ms"),
    ]),
    ...tellLeftOff(leftOff, "listener"),
  ]);
  const portTitles = ["local ports at the fullest", "role", "from and to", "used", "of", "", "at"];
  const queueTitles = [
    "queues at the deepest",
    "role",
    "listener",
    "waiting",
    "limit",
    "SYN",
    "at",
  ];
  return [...layout(portTitles, portTable, style), ...layout(queueTitles, queueTable, style)];
}

interface OfVariant {
  readonly variant: string;
  readonly role: string;
}

/** Of each tuple or listener the trial in which it was fullest, by variant. */
function fullest<T extends OfVariant>(
  records: readonly T[],
  nameOf: (record: T) => string,
  sizeOf: (record: T) => number,
): Map<string, T[]> {
  const most = new Map<string, T>();
  for (const record of records) {
    const key = JSON.stringify([record.variant, record.role, nameOf(record)]);
    const before = most.get(key);
    if (before === undefined || sizeOf(record) > sizeOf(before)) most.set(key, record);
  }
  const sorted = [...most.values()].toSorted((a, b) => sizeOf(b) - sizeOf(a));
  return Map.groupBy(sorted, ({ variant }) => variant);
}

interface Shown<T> {
  readonly variant: string;
  readonly shown: readonly T[];
  readonly leftOff: number;
}

function limitRows<T>(byVariant: ReadonlyMap<string, readonly T[]>, all: boolean): Shown<T>[] {
  return [...byVariant]
    .filter(([, rows]) => all || rows.length > 1)
    .map(([variant, rows]) => ({
      variant,
      shown: rows.slice(0, ROWS_PER_VARIANT_MAX),
      leftOff: Math.max(0, rows.length - ROWS_PER_VARIANT_MAX),
    }));
}

function tellLeftOff(count: number, noun: string): TableRow[] {
  return count === 0 ? [] : [["", "", `and ${formatCount(count, noun)} more in the database`]];
}

interface Tuple {
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
}

function nameTuple({ source, destination, destinationPort }: Tuple): string {
  return `${source} → ${nameEnd(destination, destinationPort)}`;
}

function nameListener({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): string {
  return nameEnd(address, port);
}

function layout(
  titles: readonly string[],
  rows: readonly TableRow[],
  { columns: screenColumns }: Style,
): string[] {
  if (rows.length === 0) return [];
  const columns = titles.map((title, i) => ({ title, align: i < 3 ? "left" : "right" }) as const);
  return layoutTable(columns, rows, screenColumns);
}
