import type { MonotonicClock } from "../clock/monotonic-clock.ts";

/** Lines on the controller's clock, which all agents of a trial share. */
export interface LiveGrid {
  /** The controller's clock is this agent's minus so much. */
  readonly offsetMs: number;
  readonly stepMs: number;
}

export interface LiveSampling {
  /** Takes a sample, which has the number of its line of the grid. */
  readonly sample: (seq: number) => void;
  /** Told of one that could not be taken. */
  readonly onFailure: (error: unknown) => void;
}

/** Samples on the grid of the controller's clock. A line that is missed, or whose sample cannot be taken, is left out. */
export class LiveSampler implements Disposable {
  readonly #clock: MonotonicClock;
  readonly #grid: LiveGrid;
  readonly #sampling: LiveSampling;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: MonotonicClock, grid: LiveGrid, sampling: LiveSampling) {
    this.#clock = clock;
    this.#grid = grid;
    this.#sampling = sampling;
    this.#schedule();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { offsetMs, stepMs } = this.#grid;
    const controllerMs = this.#clock.nowMs() - offsetMs;
    const seq = Math.floor(controllerMs / stepMs) + 1;
    this.#timer = setTimeout(() => this.#take(seq), seq * stepMs - controllerMs);
  }

  /** A kernel that does not answer once costs a line, and not the agent with its load. */
  #take(seq: number): void {
    try {
      this.#sampling.sample(seq);
    } catch (error) {
      this.#sampling.onFailure(error);
    }
    this.#schedule();
  }
}
