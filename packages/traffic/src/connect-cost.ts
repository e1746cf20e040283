import type { TrialEvent } from "@churnlab/core";

/** Rows of a table of connect() cost: 0 to 100 percent of the local ports in use. */
const PORT_USE_ROWS = 101;
/** Columns: how many, their time in microseconds together, and when the first one began, in ms of the measure phase. */
const COLUMNS = 3;
export const CONNECT_COST_CELLS: number = PORT_USE_ROWS * COLUMNS;

/** A cliff is this many times what connect() took before it. */
const CLIFF_FACTOR = 5;
/** Below this, port use is too small to say anything about it. */
const PERCENT_MIN = 10;
/** The cliff is at half of the range. Port use is looked at now and then, so what is recorded may lag behind a fast load. */
const CLIFF_PERCENT_MIN = 40;
const COUNT_MIN = 5;

/** Adds a connect() that succeeded: by what was in use, and when, as it began. */
export function addConnect(
  cells: Float64Array,
  percent: number,
  { tookUs, tMs }: { readonly tookUs: number; readonly tMs: number },
): void {
  const at = percent * COLUMNS;
  if (cells[at] === 0 || tMs < (cells[at + 2] as number)) cells[at + 2] = tMs;
  cells[at] = (cells[at] as number) + 1;
  cells[at + 1] = (cells[at + 1] as number) + tookUs;
}

export interface ConnectCost {
  readonly percent: number;
  readonly count: number;
  readonly meanUs: number;
  readonly firstMs: number;
}

/** Joins the tables of several workers; rows without a connect() are left out. */
export function mergeConnectCosts(tables: readonly Float64Array[]): ConnectCost[] {
  const rows: ConnectCost[] = [];
  for (let percent = 0; percent < PORT_USE_ROWS; percent++) {
    const at = percent * COLUMNS;
    const used = tables.filter((cells) => (cells[at] as number) > 0);
    const sum = (column: number): number =>
      used.reduce((total, cells) => total + (cells[at + column] as number), 0);
    if (used.length === 0) continue;
    const firstMs = Math.min(...used.map((cells) => cells[at + 2] as number));
    rows.push({ percent, count: sum(0), meanUs: sum(1) / sum(0), firstMs });
  }
  return rows;
}

/**
 * What connect() costs against port use, as events: the table, and the cliff where there is one. Linux tries the ports of one
 * parity first and, when half of the range is taken, walks through all of those before it comes to the others
 * (inet_csk_get_port and __inet_hash_connect, net/ipv4/inet_hashtables.c); so connect() becomes some hundred times slower
 * at half of the range, long before the first EADDRNOTAVAIL.
 */
export function describeConnectCosts(rows: readonly ConnectCost[]): TrialEvent[] {
  const highest = rows.at(-1);
  if (highest === undefined || highest.percent < PERCENT_MIN) return [];
  const cliff = findCliff(rows.filter(({ count }) => count >= COUNT_MIN));
  const table: TrialEvent = {
    role: "client",
    tMs: highest.firstMs,
    kind: "connect-by-port-use",
    detail: {
      rows: rows.map(({ percent, count, meanUs }) => [percent, count, Math.round(meanUs)]),
    },
  };
  return cliff === null ? [table] : [table, cliff];
}

function findCliff(rows: readonly ConnectCost[]): TrialEvent | null {
  for (let i = 1; i + 1 < rows.length; i++) {
    const here = rows[i] as ConnectCost;
    if (here.percent < CLIFF_PERCENT_MIN) continue;
    const beforeUs = medianUs(rows.slice(0, i));
    const afterUs = Math.min(here.meanUs, (rows[i + 1] as ConnectCost).meanUs);
    if (afterUs < CLIFF_FACTOR * beforeUs) continue;
    const detail = {
      portUsePercent: here.percent,
      beforeUs: Math.round(beforeUs),
      afterUs: Math.round(afterUs),
    };
    return { role: "client", tMs: here.firstMs, kind: "connect-cliff", detail };
  }
  return null;
}

function medianUs(rows: readonly ConnectCost[]): number {
  const sorted = rows.map(({ meanUs }) => meanUs).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
