import type { Role, Sample } from "@churnlab/core";

interface Series {
  readonly role: Role;
  readonly metric: string;
  readonly atMs: number[];
  readonly values: number[];
  /** A counter is kept only when it moved; a gauge always. */
  moved: boolean;
}

/** Collects samples as columns per role and metric. */
export class SampleSeries {
  readonly #series = new Map<string, Series>();

  /** Gauges: stored as they are. */
  add(role: Role, atMs: number, gauges: Readonly<Record<string, number>>): void {
    for (const [metric, value] of Object.entries(gauges)) {
      this.#push(this.#find(role, metric, true), atMs, value);
    }
  }

  /** Counters: stored as their growth since `idle`. */
  addChanges(
    role: Role,
    atMs: number,
    {
      idle,
      now,
    }: { idle: Readonly<Record<string, number>>; now: Readonly<Record<string, number>> },
  ): void {
    for (const [metric, value] of Object.entries(now)) {
      const growth = value - (idle[metric] ?? 0);
      // A counter that wrapped leaves a hole.
      if (growth < 0) continue;
      const series = this.#find(role, metric, false);
      if (growth !== 0) series.moved = true;
      this.#push(series, atMs, growth);
    }
  }

  /** The latest value, null before the first sample. */
  latest(role: Role, metric: string): number | null {
    return this.#series.get(`${role} ${metric}`)?.values.at(-1) ?? null;
  }

  /** The series there are, with how many values each has. */
  list(): { readonly role: Role; readonly metric: string; readonly count: number }[] {
    return [...this.#series.values()].map(({ role, metric, values }) => {
      return { role, metric, count: values.length };
    });
  }

  /** The values of one series with their times, in the order in which they were added; without the first `skipped`. */
  points(
    role: Role,
    metric: string,
    skipped = 0,
  ): { readonly atMs: number; readonly value: number }[] {
    const series = this.#series.get(`${role} ${metric}`);
    if (series === undefined) return [];
    return series.values.slice(skipped).map((value, i) => {
      return { atMs: series.atMs[skipped + i] as number, value };
    });
  }

  /** Values of one gauge in a window of times, both ends included. */
  window(role: Role, metric: string, { fromMs, toMs }: { fromMs: number; toMs: number }): number[] {
    const series = this.#series.get(`${role} ${metric}`);
    if (series === undefined) return [];
    return series.values.filter((_, i) => {
      const atMs = series.atMs[i] as number;
      return atMs >= fromMs && atMs <= toMs;
    });
  }

  /** Every series that is a gauge or moved, with times relative to `zeroMs`. */
  toSamples(zeroMs: number): Sample[] {
    return [...this.#series.values()]
      .filter(({ moved }) => moved)
      .flatMap(({ role, metric, atMs, values }) =>
        values.map((value, i) => ({ role, metric, tMs: (atMs[i] as number) - zeroMs, value })),
      );
  }

  #find(role: Role, metric: string, moved: boolean): Series {
    const key = `${role} ${metric}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { role, metric, atMs: [], values: [], moved };
      this.#series.set(key, series);
    }
    return series;
  }

  #push(series: Series, atMs: number, value: number): void {
    series.atMs.push(atMs);
    series.values.push(value);
  }
}
