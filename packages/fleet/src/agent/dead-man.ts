import { bootMs } from "@churnlab/linux";

/**
 * Load never outlives its controller: calls `release`, once, when it has not been heard for so long. A word that comes after that
 * changes nothing: a process that was frozen reads what lay in its sockets before any timer of its fires.
 */
export class DeadMan implements Disposable {
  readonly #release: () => void;
  readonly #patienceMs: number;
  readonly #nowMs: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #heardAtMs: number;
  #isOver = false;

  /** Begins as if the controller had just been heard. The clock goes on while the machine is suspended: silence is silence. */
  constructor(release: () => void, patienceMs: number, nowMs: () => number = bootMs) {
    this.#release = release;
    this.#patienceMs = patienceMs;
    this.#nowMs = nowMs;
    this.#heardAtMs = nowMs();
    this.#timer = setInterval(() => this.judge(), patienceMs / 20);
  }

  /** Until when it waits for the next word, on its clock. */
  get untilMs(): number {
    return this.#heardAtMs + this.#patienceMs;
  }

  /** Judges the silence before it, and forgives it only if it was not too long. */
  hear(): void {
    this.judge();
    if (!this.#isOver) this.#heardAtMs = this.#nowMs();
  }

  judge(): void {
    if (this.#isOver || this.#nowMs() < this.untilMs) return;
    this[Symbol.dispose]();
    this.#release();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }
}
