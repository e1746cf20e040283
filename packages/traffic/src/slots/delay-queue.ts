/**
 * Slots that wait for the same length of time, so that they come out in the order they went in. An entry whose slot has
 * gone on to something else is still in the queue; whoever takes it out compares its time with the slot's own.
 */
export class DelayQueue {
  #slots: Int32Array = new Int32Array(64);
  #atMs: Float64Array = new Float64Array(64);
  #notes: Uint32Array = new Uint32Array(64);
  #first = 0;
  #count = 0;

  /** When the first comes out; Infinity when the queue is empty. */
  get nextAtMs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : (this.#atMs[this.#first] as number);
  }

  /** Goes with the entry that was taken last. */
  note = 0;

  /** `atMs` must not be before that of the entry added last. */
  add(slot: number, atMs: number, note = 0): void {
    if (this.#count === this.#slots.length) this.#grow();
    const at = (this.#first + this.#count) & (this.#slots.length - 1);
    this.#slots[at] = slot;
    this.#atMs[at] = atMs;
    this.#notes[at] = note;
    this.#count++;
  }

  /** The slot of the first entry, which is removed. */
  take(): number {
    const slot = this.#slots[this.#first] as number;
    this.note = this.#notes[this.#first] as number;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.#count--;
    return slot;
  }

  #grow(): void {
    const length = this.#slots.length * 2;
    const slots = new Int32Array(length);
    const atMs = new Float64Array(length);
    const notes = new Uint32Array(length);
    for (let i = 0; i < this.#count; i++) {
      const from = (this.#first + i) & (this.#slots.length - 1);
      slots[i] = this.#slots[from] as number;
      atMs[i] = this.#atMs[from] as number;
      notes[i] = this.#notes[from] as number;
    }
    this.#slots = slots;
    this.#atMs = atMs;
    this.#notes = notes;
    this.#first = 0;
  }
}
