import { type CloseMode, ERRNO } from "@churnlab/core";
import { errno, SOCK_CLOEXEC, SOCK_NONBLOCK } from "@churnlab/linux";
import { monotonicMs } from "../monotonic.ts";
import { FreeSlots } from "../slots/free-slots.ts";
import type { ServedEvents, ServedPlace, ServedWire } from "../slots/served-wire.ts";
import { encodeResponses } from "../target/encode-responses.ts";
import type { TargetJob } from "../target/target-server.ts";
import { EpollSockets, NO_SOCKET } from "./epoll-sockets.ts";

/** A slot number that no connection has. */
const LISTENER = 0xffff_ffff;
/** After so many the connections get their turn; the listener is looked at again after them. */
const ACCEPT_BURST = 64;
/** A server without a free descriptor that tried again at once would be busy with nothing else. */
const ACCEPT_PAUSE_MS = 10;

/** How a connection is to be closed when its answer is sent; the index is one more than that of `CLOSES`. */
const CLOSES: readonly CloseMode[] = ["fin", "rst", "half"];

/** Connections accepted from a non-blocking listener. */
export class EpollServedWire extends EpollSockets<ServedEvents> implements ServedWire {
  readonly #listener: number;
  readonly #free: FreeSlots;
  readonly #watched: Uint8Array;
  readonly #closesAs: Uint8Array;
  /** Connections may wait to be accepted: readiness is reported only when it changes. */
  #pending = false;
  /** Until then nothing is accepted: there was no descriptor. */
  #fullUntilMs = 0;
  #stopped = false;

  constructor(job: TargetJob, events: ServedEvents, place: ServedPlace) {
    const { slots, listener } = place;
    const { workload } = job;
    const messages = { ...encodeResponses(workload), endsWithFin: workload.close === "fin" };
    super(events, { ...place, messages });
    this.#listener = listener;
    this.#free = new FreeSlots(slots);
    this.#watched = new Uint8Array(slots);
    this.#closesAs = new Uint8Array(slots);
    this.epoll.add(listener, LISTENER, 0);
  }

  get accepting(): boolean {
    return !this.#stopped;
  }

  override poll(timeoutMs: number): number {
    const happened = super.poll(this.#mayAccept() ? 0 : timeoutMs);
    return this.#mayAccept() ? happened + this.#acceptSome() : happened;
  }

  override ready(slot: number, generation: number, events: number): void {
    if (slot === LISTENER) this.#pending = true;
    else super.ready(slot, generation, events);
  }

  answer(slot: number): void {
    this.send(slot, false);
  }

  answerAndClose(slot: number, mode: CloseMode): void {
    this.#closesAs[slot] = CLOSES.indexOf(mode) + 1;
    this.send(slot, true);
  }

  watch(slot: number): void {
    this.#watched[slot] = 1;
  }

  stopAccepting(): void {
    this.#stopped = true;
  }

  override close(slot: number, reset: boolean): void {
    super.close(slot, reset);
    this.#free.giveBack(slot);
  }

  protected changed(): void {}

  protected override readable(slot: number, ending: boolean): void {
    if (this.#watched[slot] === 1) this.events.readable(slot);
    else super.readable(slot, ending);
  }

  protected sent(slot: number): void {
    const mode = CLOSES[(this.#closesAs[slot] as number) - 1];
    if (mode === undefined) return;
    this.#closesAs[slot] = 0;
    if (mode === "half") this.shutdown(slot);
    else this.close(slot, mode === "rst");
  }

  #mayAccept(): boolean {
    return this.#pending && !this.#stopped && monotonicMs() >= this.#fullUntilMs;
  }

  /** Returns how many. */
  #acceptSome(): number {
    for (let accepted = 0; accepted < ACCEPT_BURST; accepted++) {
      const slot = this.#free.take();
      if (slot === -1) {
        // As many slots as the limit on open files leaves.
        this.#refuse(ERRNO.EMFILE);
        return accepted;
      }
      const { opening } = this.holdings;
      opening[0] = this.calls.accept4(this.#listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC) + 1;
      const fd = opening[0] - 1;
      if (fd === NO_SOCKET) {
        this.#free.giveBack(slot);
        const failure = errno();
        if (failure === ERRNO.EAGAIN) this.#pending = false;
        else this.#refuse(failure);
        return accepted;
      }
      this.#attach(slot, fd);
    }
    return ACCEPT_BURST;
  }

  /** What waits is not reported again, so it is tried again. */
  #refuse(failure: number): void {
    this.#fullUntilMs = monotonicMs() + ACCEPT_PAUSE_MS;
    this.events.notAccepted(failure);
  }

  #attach(slot: number, fd: number): void {
    this.sockets[slot] = fd;
    this.#watched[slot] = 0;
    this.#closesAs[slot] = 0;
    this.epoll.add(fd, slot, this.generation[slot] as number);
    this.holdings.opening[0] = 0;
    this.events.accepted(slot);
  }
}
