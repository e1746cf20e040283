import { KernelMemory } from "@churnlab/linux";
import type { Inbox } from "../slots/slot-wire.ts";

const CHUNK_INBOXES = 64;

/** An inbox with the address the kernel writes to. */
export interface KernelInbox extends Inbox {
  readonly address: number;
}

/**
 * Receive buffers outside of V8's heap, one per slot, made in chunks when a slot is first used. They stay valid until `free`,
 * so every receive that was begun must have completed before.
 */
export class InboxPool {
  readonly inboxBytes: number;
  readonly #chunks: KernelMemory[] = [];
  readonly #inboxes: KernelInbox[] = [];

  constructor(inboxBytes: number) {
    this.inboxBytes = inboxBytes;
  }

  of(slot: number): KernelInbox {
    while (slot >= this.#inboxes.length) this.#addChunk();
    return this.#inboxes[slot] as KernelInbox;
  }

  free(): void {
    for (const chunk of this.#chunks) chunk.free();
    this.#chunks.length = 0;
    this.#inboxes.length = 0;
  }

  #addChunk(): void {
    const chunk = new KernelMemory(CHUNK_INBOXES * this.inboxBytes);
    this.#chunks.push(chunk);
    for (let i = 0; i < CHUNK_INBOXES; i++) {
      const from = i * this.inboxBytes;
      this.#inboxes.push({
        address: chunk.address + from,
        bytes: chunk.bytes(from, this.inboxBytes),
        words: new Int32Array(chunk.buffer, from, this.inboxBytes / 4),
      });
    }
  }
}
