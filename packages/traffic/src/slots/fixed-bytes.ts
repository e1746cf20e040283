import { KernelMemory } from "@churnlab/linux";

/** Bytes at an address that does not change until `free`, for calls that are told where to read. */
export class FixedBytes {
  readonly bytes: Buffer;
  readonly #memory: KernelMemory;

  constructor(content: Uint8Array) {
    this.#memory = new KernelMemory(Math.max(1, content.length));
    this.bytes = this.#memory.bytes(0, content.length);
    this.bytes.set(content);
  }

  get address(): number {
    return this.#memory.address;
  }

  get length(): number {
    return this.bytes.length;
  }

  free(): void {
    this.#memory.free();
  }
}

/** The value of a socket option that is an int, or a struct of them. */
export function fixedInts(...values: readonly number[]): FixedBytes {
  return new FixedBytes(new Uint8Array(Int32Array.from(values).buffer));
}
