import type { Clock } from "@churnlab/core";

/** Real order, no waiting: sleeping ends in a later turn of the event loop and moves the time on by that much. */
export class FakeClock implements Clock {
  #nowMs = 1000;
  /** Every sleep takes this much longer than asked for. */
  lateMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  threadCpuMs(): number {
    return 0;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  async sleep(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#nowMs += ms + this.lateMs;
  }
}
