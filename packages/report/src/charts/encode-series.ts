import type { SeriesColumns, TrialSeries } from "./trial-series.ts";

/**
 * Series of trials as bytes: the length of a JSON head as u32, the head, padding to 4 bytes, then all columns as Float32,
 * little-endian. A column that several series share, as times are, is there once.
 */
export function encodeSeries(trials: readonly TrialSeries[]): Uint8Array {
  const columns = new ColumnPool();
  const head = JSON.stringify(
    trials.map(({ series, ...trial }) => ({
      ...trial,
      series: [...series].map(([key, one]) => [key, encodeColumns(one, columns)]),
    })),
  );
  const headBytes = new TextEncoder().encode(head);
  const columnsAt = Math.ceil((4 + headBytes.length) / 4) * 4;
  const bytes = new Uint8Array(columnsAt + columns.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, headBytes.length, true);
  bytes.set(headBytes, 4);
  columns.writeTo(view, columnsAt);
  return bytes;
}

/** Where a column begins, in values, and how many it has. */
export type ColumnPlace = readonly [from: number, length: number];

export interface EncodedColumns {
  readonly tMs: ColumnPlace;
  readonly mean: ColumnPlace;
  readonly min: ColumnPlace | null;
  readonly max: ColumnPlace | null;
  readonly binMs: number | null;
}

export type EncodedTrial = Omit<TrialSeries, "series"> & {
  readonly series: readonly (readonly [string, EncodedColumns])[];
};

function encodeColumns(
  { tMs, mean, min, max, binMs }: SeriesColumns,
  columns: ColumnPool,
): EncodedColumns {
  return {
    tMs: columns.add(tMs),
    mean: columns.add(mean),
    min: min === null ? null : columns.add(min),
    max: max === null ? null : columns.add(max),
    binMs,
  };
}

/** Columns one after the other; one that is there already is not added again. */
class ColumnPool {
  readonly #columns: ArrayLike<number>[] = [];
  readonly #places = new Map<
    string,
    { readonly column: ArrayLike<number>; readonly place: ColumnPlace }[]
  >();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(column: ArrayLike<number>): ColumnPlace {
    const key = `${column.length} ${column[0]} ${column[column.length >> 1]} ${column[column.length - 1]}`;
    const alike = this.#places.get(key) ?? [];
    const found = alike.find((known) => isEqual(known.column, column));
    if (found !== undefined) return found.place;
    const place: ColumnPlace = [this.#length, column.length];
    this.#columns.push(column);
    this.#length += column.length;
    this.#places.set(key, [...alike, { column, place }]);
    return place;
  }

  writeTo(view: DataView, fromByte: number): void {
    let at = fromByte;
    for (const column of this.#columns) {
      for (let i = 0; i < column.length; i++, at += 4)
        view.setFloat32(at, column[i] as number, true);
    }
  }
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
