import type { MonotonicClock } from "../clock/monotonic-clock.ts";

/** Lines on the controller's clock, which all agents of a trial share. */
export interface LiveGrid {
  /** The controller's clock is this agent's minus so much. */
  readonly offsetMs: number;
  readonly stepMs: number;
}

/** Calls `sample` on the grid of the controller's clock, with the number of the grid's line; a missed line is left out. */
export class LiveSampler implements Disposable {
  readonly #clock: MonotonicClock;
  readonly #grid: LiveGrid;
  readonly #sample: (seq: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: MonotonicClock, grid: LiveGrid, sample: (seq: number) => void) {
    this.#clock = clock;
    this.#grid = grid;
    this.#sample = sample;
    this.#schedule();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { offsetMs, stepMs } = this.#grid;
    const controllerMs = this.#clock.nowMs() - offsetMs;
    const seq = Math.floor(controllerMs / stepMs) + 1;
    this.#timer = setTimeout(
      () => {
        this.#sample(seq);
        this.#schedule();
      },
      seq * stepMs - controllerMs,
    );
  }
}
