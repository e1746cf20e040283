/** What a group does with its charts. */
export interface GroupedPlot {
  redraw(): void;
  /** null takes the cursor away. */
  pointAt(tMs: number | null): void;
}

/** Charts over the same time: they share a cursor, a zoom and a theme. */
export class PlotGroup {
  readonly key: string;
  readonly #plots = new Set<GroupedPlot>();
  readonly #onZoom: (range: readonly [number, number] | null) => void;
  #zoomed: [number, number] | null = null;

  constructor(key: string, onZoom: (range: readonly [number, number] | null) => void = () => {}) {
    this.key = key;
    this.#onZoom = onZoom;
  }

  /** From and to in milliseconds; null when all is shown. */
  get zoomed(): [number, number] | null {
    return this.#zoomed;
  }

  add(plot: GroupedPlot): void {
    this.#plots.add(plot);
  }

  remove(plot: GroupedPlot): void {
    this.#plots.delete(plot);
  }

  zoom(range: [number, number] | null): void {
    this.#zoomed = range;
    this.#onZoom(range);
    this.redraw();
  }

  pointAt(tMs: number | null): void {
    for (const plot of this.#plots) plot.pointAt(tMs);
  }

  redraw(): void {
    for (const plot of this.#plots) plot.redraw();
  }
}
