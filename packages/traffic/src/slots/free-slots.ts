/** Numbers from 0 to capacity − 1, given out and taken back; the one used last is given out first, so few of them stay warm. */
export class FreeSlots {
  readonly capacity: number;
  /** Slots from here on have never been used. */
  end = 0;
  #free: Int32Array = new Int32Array(64);
  #count = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get taken(): number {
    return this.end - this.#count;
  }

  /** A slot, -1 when all are in use. */
  take(): number {
    if (this.#count > 0) return this.#free[--this.#count] as number;
    return this.end === this.capacity ? -1 : this.end++;
  }

  giveBack(slot: number): void {
    if (this.#count === this.#free.length) {
      const longer = new Int32Array(this.#count * 2);
      longer.set(this.#free);
      this.#free = longer;
    }
    this.#free[this.#count++] = slot;
  }
}
