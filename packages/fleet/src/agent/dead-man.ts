import { monotonicMs } from "@churnlab/traffic";

/** Load never outlives its controller: calls `release` when it has not been heard for so long. */
export class DeadMan implements Disposable {
  readonly #release: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Not by the agent's clock: only how long ago matters, and a frozen process must wake to the truth. */
  #heardAtMs: number;

  /** Begins as if the controller had just been heard. */
  constructor(release: () => void, patienceMs: number) {
    this.#release = release;
    this.#heardAtMs = monotonicMs();
    this.#timer = setInterval(() => {
      if (monotonicMs() - this.#heardAtMs < patienceMs) return;
      clearInterval(this.#timer);
      this.#release();
    }, patienceMs / 20);
  }

  hear(): void {
    this.#heardAtMs = monotonicMs();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
