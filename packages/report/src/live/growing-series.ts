import type { SeriesColumns } from "../charts/trial-series.ts";

/** What a growing series is made of, as it travels. */
export interface GrownSeries {
  /** Samples in a point. */
  readonly stride: number;
  /** Samples in the last point. */
  readonly filled: number;
  /** The newest sample itself. */
  readonly last: number | null;
  readonly tMs: readonly number[];
  readonly mean: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
}

/**
 * A series that takes samples for ever in bounded memory: when it has become too long, neighbouring points are merged, and
 * from then on a point stands for twice as many samples. Every extreme stays.
 */
export class GrowingSeries {
  readonly #pointsMax: number;
  readonly #tMs: number[] = [];
  readonly #mean: number[] = [];
  readonly #min: number[] = [];
  readonly #max: number[] = [];
  #stride = 1;
  /** Samples in the last point. */
  #filled = 0;
  #last: number | null = null;

  constructor(pointsMax: number, from?: GrownSeries) {
    this.#pointsMax = pointsMax;
    if (from === undefined) return;
    this.#tMs.push(...from.tMs);
    this.#mean.push(...from.mean);
    this.#min.push(...from.min);
    this.#max.push(...from.max);
    this.#stride = from.stride;
    this.#filled = from.filled;
    this.#last = from.last;
    while (this.#tMs.length > pointsMax) this.#halve();
  }

  add(tMs: number, value: number): void {
    this.#last = value;
    const last = this.#tMs.length - 1;
    if (last >= 0 && this.#filled < this.#stride) {
      const mean = this.#mean[last] as number;
      this.#filled++;
      this.#mean[last] = mean + (value - mean) / this.#filled;
      this.#min[last] = Math.min(this.#min[last] as number, value);
      this.#max[last] = Math.max(this.#max[last] as number, value);
      return;
    }
    if (this.#tMs.length >= this.#pointsMax) this.#halve();
    this.#tMs.push(tMs);
    this.#mean.push(value);
    this.#min.push(value);
    this.#max.push(value);
    this.#filled = 1;
  }

  get length(): number {
    return this.#tMs.length;
  }

  /** The newest sample itself, whatever it was merged with. */
  get last(): number | null {
    return this.#last;
  }

  /** As charts want it. The arrays are copies: a chart keeps what it drew. */
  toColumns(): SeriesColumns {
    const isBinned = this.#stride > 1;
    const [first = 0, second = 0] = this.#tMs;
    return {
      tMs: [...this.#tMs],
      mean: [...this.#mean],
      min: isBinned ? [...this.#min] : null,
      max: isBinned ? [...this.#max] : null,
      binMs: isBinned ? second - first : null,
    };
  }

  toGrown(): GrownSeries {
    return {
      stride: this.#stride,
      filled: this.#filled,
      last: this.#last,
      tMs: [...this.#tMs],
      mean: [...this.#mean],
      min: [...this.#min],
      max: [...this.#max],
    };
  }

  /** Merges the points in pairs; an odd last one stays as it is. */
  #halve(): void {
    const half = Math.ceil(this.#tMs.length / 2);
    for (let i = 0; i < half; i++) {
      const [a, b] = [2 * i, Math.min(2 * i + 1, this.#tMs.length - 1)];
      this.#tMs[i] = this.#tMs[a] as number;
      this.#mean[i] = ((this.#mean[a] as number) + (this.#mean[b] as number)) / 2;
      this.#min[i] = Math.min(this.#min[a] as number, this.#min[b] as number);
      this.#max[i] = Math.max(this.#max[a] as number, this.#max[b] as number);
    }
    for (const column of [this.#tMs, this.#mean, this.#min, this.#max]) column.length = half;
    this.#stride *= 2;
    this.#filled = this.#stride;
  }
}
