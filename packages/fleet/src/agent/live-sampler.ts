import type { MonotonicClock } from "../clock/monotonic-clock.ts";
import { LIVE_MS } from "../subjects.ts";

/** Calls `sample` on the grid of the controller's clock, with the number of the grid's line; a missed line is left out. */
export class LiveSampler implements Disposable {
  readonly #clock: MonotonicClock;
  readonly #offsetMs: number;
  readonly #sample: (seq: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: MonotonicClock, offsetMs: number, sample: (seq: number) => void) {
    this.#clock = clock;
    this.#offsetMs = offsetMs;
    this.#sample = sample;
    this.#schedule();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const controllerMs = this.#clock.nowMs() - this.#offsetMs;
    const seq = Math.floor(controllerMs / LIVE_MS) + 1;
    this.#timer = setTimeout(
      () => {
        this.#sample(seq);
        this.#schedule();
      },
      seq * LIVE_MS - controllerMs,
    );
  }
}
