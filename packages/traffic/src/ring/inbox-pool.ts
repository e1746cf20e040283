import { KernelMemory } from "@churnlab/linux";
import type { Inbox } from "../slots/slot-wire.ts";

const CHUNK_INBOXES = 1024;
const INBOX_BYTES_MIN = 4096;
const INBOX_BYTES_MAX = 65_536;
const HEAD_BYTES_TYPICAL = 512;

/**
 * Receive buffers outside of V8's heap, one per slot. Only those that bytes arrive in take memory, so 100 000 held
 * connections take none. They stay valid until `free`: every receive that was begun must have completed before.
 */
export class InboxPool {
  readonly inboxBytes: number;
  readonly #chunks: KernelMemory[] = [];
  /** Views, made when something has first been received. */
  readonly #inboxes: Inbox[] = [];

  /** `messageBytes`: what is received at a time, without a head. */
  constructor(messageBytes: number) {
    const wanted = 2 ** Math.ceil(Math.log2(messageBytes + HEAD_BYTES_TYPICAL));
    this.inboxBytes = Math.min(INBOX_BYTES_MAX, Math.max(INBOX_BYTES_MIN, wanted));
  }

  /** Where the kernel may write. */
  addressOf(slot: number): number {
    return this.#chunkOf(slot).address + (slot % CHUNK_INBOXES) * this.inboxBytes;
  }

  of(slot: number): Inbox {
    this.#inboxes[slot] ??= this.#view(slot);
    return this.#inboxes[slot];
  }

  free(): void {
    for (const chunk of this.#chunks) chunk?.free();
  }

  #chunkOf(slot: number): KernelMemory {
    const index = Math.floor(slot / CHUNK_INBOXES);
    this.#chunks[index] ??= new KernelMemory(CHUNK_INBOXES * this.inboxBytes);
    return this.#chunks[index];
  }

  #view(slot: number): Inbox {
    const { buffer } = this.#chunkOf(slot);
    const from = (slot % CHUNK_INBOXES) * this.inboxBytes;
    return {
      bytes: new Uint8Array(buffer, from, this.inboxBytes),
      words: new Int32Array(buffer, from, this.inboxBytes / 4),
    };
  }
}
