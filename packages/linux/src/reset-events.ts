import { TCP_STATES } from "./tcp-states.ts";
import { type AddressKey, nameAddress, TraceEndpoint } from "./trace-endpoint.ts";
import { parseSymbols, requireField, type TraceFormat } from "./trace-format.ts";

/** A reset as the kernel traced it. `source` is the traced host's own end, `destination` the other. */
export interface TracedReset {
  /** CLOCK_MONOTONIC. */
  readonly atMs: number;
  readonly direction: "sent" | "received";
  readonly source: string;
  readonly sourcePort: number;
  /** Null for what a listener answers: the kernel traces the listener's own peer then, which is nobody. */
  readonly destination: string | null;
  readonly destinationPort: number | null;
  /**
   * State of the socket, without the kernel's TCP_. Null where no socket was found, and in the event of a received reset,
   * which does not tell it.
   */
  readonly state: string | null;
  /** As the kernel calls it (include/net/rstreason.h); null for a received reset and where the kernel gives none. */
  readonly reason: string | null;
}

/** A socket that was ended before its time: what a reset does to the one that receives it. */
export interface TracedEnd {
  readonly atMs: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** The state it was in, without the kernel's TCP_. */
  readonly state: string | null;
}

type Ends = Pick<TracedEnd, "source" | "sourcePort" | "destination" | "destinationPort">;

/** The two ends of an event. */
class EventEnds {
  readonly #source: TraceEndpoint;
  readonly #destination: TraceEndpoint;

  constructor(format: TraceFormat) {
    this.#source = new TraceEndpoint(format, "source");
    this.#destination = new TraceEndpoint(format, "destination");
  }

  sourceOf(view: DataView, at: number): AddressKey {
    return this.#source.keyOf(view, at);
  }

  read(view: DataView, at: number): Ends {
    return {
      source: nameAddress(this.#source.keyOf(view, at)),
      sourcePort: this.#source.portOf(view, at),
      destination: nameAddress(this.#destination.keyOf(view, at)),
      destinationPort: this.#destination.portOf(view, at),
    };
  }
}

/** tcp:tcp_send_reset, as this kernel lays it out. */
export class SentResetEvent {
  readonly id: number;
  /** False on kernels before 6.10. */
  readonly hasReasons: boolean;
  readonly #ends: EventEnds;
  readonly #state: number;
  readonly #reason: number;
  readonly #reasons: readonly string[];

  /** Throws `TypeError` where the kernel traces no addresses. */
  constructor(format: TraceFormat) {
    const reason = format.fields.get("reason");
    this.id = format.id;
    this.hasReasons = reason !== undefined;
    this.#ends = new EventEnds(format);
    this.#state = requireField(format.fields, "state").offset;
    this.#reason = reason?.offset ?? 0;
    this.#reasons = parseSymbols(format, "reason");
  }

  sourceOf(view: DataView, at: number): AddressKey {
    return this.#ends.sourceOf(view, at);
  }

  /** A small number, which `nameReason` names; 0 where the kernel gives none. */
  reasonOf(view: DataView, at: number): number {
    return this.hasReasons ? view.getUint32(at + this.#reason, true) : 0;
  }

  /** null where the kernel gives none. A number that has no name is written as the kernel prints it. */
  nameReason(reason: number): string | null {
    return this.hasReasons ? (this.#reasons[reason] ?? `0x${reason.toString(16)}`) : null;
  }

  read(view: DataView, at: number, atNs: number): TracedReset {
    const { destination, destinationPort, ...source } = this.#ends.read(view, at);
    const isNobody = destinationPort === 0;
    return {
      atMs: atNs / 1e6,
      direction: "sent",
      ...source,
      destination: isNobody ? null : destination,
      destinationPort: isNobody ? null : destinationPort,
      state: nameState(view.getInt32(at + this.#state, true)),
      reason: this.nameReason(this.reasonOf(view, at)),
    };
  }
}

/** tcp:tcp_receive_reset, as this kernel lays it out. */
export class ReceivedResetEvent {
  readonly id: number;
  readonly #ends: EventEnds;

  /** Throws `TypeError` where the kernel traces no addresses. */
  constructor(format: TraceFormat) {
    this.id = format.id;
    this.#ends = new EventEnds(format);
  }

  sourceOf(view: DataView, at: number): AddressKey {
    return this.#ends.sourceOf(view, at);
  }

  read(view: DataView, at: number, atNs: number): TracedReset {
    const ends = this.#ends.read(view, at);
    return { atMs: atNs / 1e6, direction: "received", ...ends, state: null, reason: null };
  }
}

/** sock:inet_sock_set_state, as this kernel lays it out. */
export class EndEvent {
  readonly id: number;
  readonly #ends: EventEnds;
  readonly #state: number;

  /** Throws `TypeError` where the kernel traces no addresses. */
  constructor(format: TraceFormat) {
    this.id = format.id;
    this.#ends = new EventEnds(format);
    this.#state = requireField(format.fields, "oldstate").offset;
  }

  sourceOf(view: DataView, at: number): AddressKey {
    return this.#ends.sourceOf(view, at);
  }

  read(view: DataView, at: number, atNs: number): TracedEnd {
    const state = nameState(view.getInt32(at + this.#state, true));
    return { atMs: atNs / 1e6, ...this.#ends.read(view, at), state };
  }
}

/** null for no socket; NEW_SYN_RECV (12) is the state that inet_diag shows as SYN_RECV. */
function nameState(state: number): string | null {
  return state === 12 ? "NEW_SYN_RECV" : (TCP_STATES[state - 1] ?? null);
}
