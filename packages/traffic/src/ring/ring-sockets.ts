import {
  CLOSE_SLOT,
  type CompletionHandler,
  layOut,
  OPCODE,
  type Operation,
  Ring,
  SQE,
  setAddress,
  WORD,
} from "@churnlab/linux";
import { monotonicMs } from "../monotonic.ts";
import type { Messages } from "../slots/messages.ts";
import type { SlotPlace, SlotSockets, SocketEvents } from "../slots/slot-wire.ts";
import type { ThreadHoldings } from "../thread-holdings.ts";
import { ConnectedOperations } from "./connected-operations.ts";
import { InboxPool } from "./inbox-pool.ts";
import {
  CLOSED,
  IN_FLIGHT_MASK,
  ONE_GENERATION,
  RECEIVING,
  SENDING,
  UNHEARD,
} from "./ring-tags.ts";

const CANCEL = layOut({ opcode: OPCODE.ASYNC_CANCEL, flags: SQE.SKIP_SUCCESS });

/** What a thread gives to the sockets of its ring. */
export interface RingPlace extends SlotPlace {
  /** See `RING_SETUPS`, which is the default. */
  readonly setups?: readonly number[];
}

export interface RingSocketsOptions extends RingPlace {
  readonly messages: Messages;
  /** Bytes of body that are received at a time. */
  readonly receivedBytes: number;
}

/**
 * Connected sockets in the table of an io_uring. A slot is given back when the completions of everything that was in flight
 * for it have been seen, so no memory that the kernel writes to ever serves two receives at once.
 *
 * Time-outs are kept by whoever uses this: `close` cancels what is in flight. A linked timeout for each step has the same
 * effect for a tenth more CPU time per connection.
 */
export abstract class RingSockets<Events extends SocketEvents>
  implements SlotSockets, CompletionHandler, Disposable
{
  protected readonly ring: Ring;
  protected readonly events: Events;
  protected readonly operations: ConnectedOperations;
  /** Bits of the operations in flight, by slot. */
  protected readonly inFlight: Uint8Array;
  /** Already shifted to its place in a tag. */
  readonly #generation: Uint32Array;
  readonly #inboxes: InboxPool;
  readonly #letGo: () => void;

  constructor(events: Events, options: RingSocketsOptions) {
    const { slots, messages, receivedBytes, setups } = options;
    this.ring = new Ring(setups === undefined ? { slots } : { slots, setups });
    this.#letGo = holdRing(this.ring, options.holdings);
    this.events = events;
    this.#inboxes = new InboxPool(receivedBytes);
    this.operations = new ConnectedOperations(messages, this.#inboxes.inboxBytes);
    this.inFlight = new Uint8Array(slots);
    this.#generation = new Uint32Array(slots);
  }

  receive(slot: number): void {
    this.receiveBy(this.operations.receive, slot);
  }

  close(slot: number, reset: boolean): void {
    const inFlight = this.inFlight[slot] as number;
    if (reset) this.push(this.operations.linger, slot, UNHEARD);
    for (let bit = 1; bit < CLOSED; bit <<= 1) if (inFlight & bit) this.#cancel(slot, bit);
    // The kernel closes before it looks at the next entry, so the slot may be opened again at once.
    this.push(CLOSE_SLOT, slot, UNHEARD);
    this.inFlight[slot] = inFlight | CLOSED;
    if (inFlight === 0) this.gone(slot);
  }

  poll(timeoutMs: number): number {
    this.ring.wait(timeoutMs);
    this.events.nowMs = monotonicMs();
    return this.ring.reap(this);
  }

  completed(slot: number, tag: number, result: number): void {
    const kind = tag & 0xff;
    // What fails after its slot was given back concerns nobody; the success of such operations is not even reported.
    if (tag - kind !== this.#generation[slot]) return;
    const inFlight = (this.inFlight[slot] as number) & ~(kind & IN_FLIGHT_MASK);
    this.inFlight[slot] = inFlight;
    if (inFlight & CLOSED) {
      if (inFlight === CLOSED) this.gone(slot);
    } else if (kind === RECEIVING) {
      this.#received(slot, result);
    } else if (kind === SENDING) {
      if (result < 0) this.events.failed(slot, "send", -result);
    } else if (kind !== UNHEARD) {
      this.otherCompleted(slot, kind, result);
    }
  }

  /** Gives everything back. Where the kernel may still write to an inbox, because a run broke off, that memory stays. */
  [Symbol.dispose](): void {
    this.ring.submit();
    this.#letGo();
    this.ring.close();
    this.operations.free();
    if (this.inFlight.every((bits) => bits === 0)) this.#inboxes.free();
  }

  protected abstract otherCompleted(slot: number, kind: number, result: number): void;

  protected receiveBy(operation: Operation, slot: number): void {
    if ((this.inFlight[slot] as number) & RECEIVING) return;
    const at = this.begin(operation, slot, RECEIVING);
    setAddress(this.ring.entries, at, this.#inboxes.addressOf(slot));
  }

  /** Pushes an operation that posts a completion. */
  protected begin(operation: Operation, slot: number, bit: number): number {
    this.inFlight[slot] = (this.inFlight[slot] as number) | bit;
    return this.push(operation, slot, bit);
  }

  /** Pushes an operation that posts a completion if it fails. */
  protected push(operation: Operation, slot: number, kind: number): number {
    return this.ring.push(operation, slot, kind | this.generationOf(slot));
  }

  protected generationOf(slot: number): number {
    return this.#generation[slot] as number;
  }

  #received(slot: number, result: number): void {
    if (result > 0) this.events.received(slot, this.#inboxes.of(slot), result);
    else if (result === 0) this.events.ended(slot);
    else this.events.failed(slot, "receive", -result);
  }

  #cancel(slot: number, bit: number): void {
    const at = this.push(CANCEL, slot, UNHEARD);
    const { entries } = this.ring;
    // The user data of what is to be cancelled.
    entries[at + WORD.ADDRESS_LOW] = slot;
    entries[at + WORD.ADDRESS_HIGH] = bit | this.generationOf(slot);
  }

  protected gone(slot: number): void {
    this.inFlight[slot] = 0;
    this.#generation[slot] = this.generationOf(slot) + ONE_GENERATION;
    this.events.closed(slot);
  }
}

/** Kernels before 6.5 leave a ring, with the sockets in its table, to the process. */
function holdRing({ remains }: Ring, holdings: ThreadHoldings): () => void {
  const { descriptor, mappings } = remains;
  const held = mappings.map((mapping) => holdings.holdMapping(mapping));
  if (descriptor !== null) held.push(holdings.holdDescriptor(descriptor));
  return () => {
    for (const letGo of held) letGo();
  };
}
