/** Load never outlives its controller: calls `release` when it has not been heard for so long. */
export class DeadMan implements Disposable {
  readonly #release: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #heardAtMs: number;

  /** Begins as if the controller had just been heard. */
  constructor(release: () => void, patienceMs: number) {
    this.#release = release;
    this.#heardAtMs = nowMs();
    this.#timer = setInterval(() => {
      if (nowMs() - this.#heardAtMs < patienceMs) return;
      clearInterval(this.#timer);
      this.#release();
    }, patienceMs / 20);
  }

  hear(): void {
    this.#heardAtMs = nowMs();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Not the agent's clock: only how long ago matters, and a frozen process must wake to the truth. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
