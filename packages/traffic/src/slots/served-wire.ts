import type { CloseMode } from "@churnlab/core";
import type { SlotPlace, SlotSockets, SocketEvents } from "./slot-wire.ts";

/** What a serving thread gives to its sockets. */
export interface ServedPlace extends SlotPlace {
  /** The descriptor of the listening socket. */
  readonly listener: number;
}

/** Sockets that are accepted here. */
export interface ServedWire extends SlotSockets {
  answer(slot: number): void;
  /** Sends the last answer and closes once all of it is handed over. `half` only shuts down: `ended` follows. */
  answerAndClose(slot: number, mode: CloseMode): void;
  /** Waits until there is something to receive, and leaves it there: `readable` follows. */
  watch(slot: number): void;
  stopAccepting(): void;
  /** Until the kernel has let go of the listener, which may be a moment after `stopAccepting`. */
  readonly accepting: boolean;
}

export interface ServedEvents extends SocketEvents {
  accepted(slot: number): void;
  readable(slot: number): void;
  /** A connection could not be accepted for this errno: it waits, or the kernel has closed it. */
  notAccepted(errno: number): void;
}
