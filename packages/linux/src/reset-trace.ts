import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ChurnError } from "@churnlab/core/errors";
import { parseIpAddress } from "./ip-address.ts";
import { lacksState, nameEndedStates } from "./name-ended-states.ts";
import {
  EndEvent,
  ReceivedResetEvent,
  SentResetEvent,
  type TracedEnd,
  type TracedReset,
} from "./reset-events.ts";
import { type AddressKey, keyOfAddress } from "./trace-endpoint.ts";
import { parseTraceFormat, type TraceFormat } from "./trace-format.ts";
import type { TraceEventVisitor } from "./trace-page.ts";
import { TraceRing } from "./trace-ring.ts";
import { TraceInstance } from "./tracefs.ts";

const BUFFER_KIB_PER_CPU = 4096;
const EVENTS = {
  sent: "events/tcp/tcp_send_reset",
  received: "events/tcp/tcp_receive_reset",
} as const;
/**
 * The event of a received reset does not tell the socket's state; the end that follows it does. Every connection ends, so
 * only ends from SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT1 and CLOSE_WAIT pass, which are never an orderly close. The
 * other three would be an event or two of every connection, and a reset without an end that passes was in one of them.
 */
const END_EVENT = "events/sock/inet_sock_set_state";
const END_FILTER = "newstate == 7 && protocol == 6 && (oldstate < 5 || oldstate == 8)";

/** What is known of the state that a received reset ended, where the kernel does not name it. */
export const UNNAMED_STATE = {
  /** No end passed the filter, so the socket had sent its FIN and waited for the rest of an orderly close. */
  CLOSING: "FIN_WAIT2, CLOSING or LAST_ACK",
  /** Ends are not traced (before Linux 4.16), or some were overwritten before they were read. */
  UNKNOWN: "unknown",
} as const;

export interface ResetTraceOptions {
  /** Local addresses of the trial's hosts: tracefs sees the whole machine, and resets of others are left out. */
  readonly addresses: Iterable<string>;
  /** Resets kept in full from the first, of each direction, until `begin`; all if absent. Those sent are all counted. */
  readonly keep?: number;
  /** What events can wait in for `drain`, for each processor; 4 MiB if absent, about 13 000 connections. */
  readonly bufferKibPerCpu?: number;
}

/** What one address sent: how often for each reason, by the kernel's number for it. */
type SentCounts = number[];

/**
 * The kernel's own reason for each reset, from the tracepoints tcp:tcp_send_reset and tcp:tcp_receive_reset. For root of
 * the machine only. tracefs knows no network namespaces: another trial on the same machine at the same time, with the
 * same addresses, is not told apart, which shows as more resets than Tcp.OutRsts counted.
 */
export class ResetTrace implements Disposable {
  readonly #instance: TraceInstance;
  readonly #ring: TraceRing;
  readonly #sent: SentResetEvent;
  readonly #received: ReceivedResetEvent;
  /** null before Linux 4.16, which has no such event. */
  readonly #end: EndEvent | null;
  readonly #counts: ReadonlyMap<AddressKey, SentCounts>;
  readonly #keep: number;
  #room: Record<TracedReset["direction"], number>;
  /** Whether an end may be that of a reset that is kept. */
  #isPairing = true;
  /** What `drain` has read, each processor's for itself. */
  #resets: TracedReset[] = [];
  #ends: TracedEnd[] = [];
  /** Received ones whose end the next read may bring. */
  readonly #unsettled: TracedReset[] = [];

  /** Throws `E_CAPABILITY` or `E_PLATFORM` where this machine or user has no such events. */
  constructor({
    addresses,
    keep = Number.POSITIVE_INFINITY,
    bufferKibPerCpu = BUFFER_KIB_PER_CPU,
  }: ResetTraceOptions) {
    this.#counts = new Map(
      [...addresses].map((address) => [keyOfAddress(parseIpAddress(address)), []]),
    );
    this.#keep = keep;
    this.#room = { sent: keep, received: keep };
    this.#instance = new TraceInstance();
    try {
      // CLOCK_MONOTONIC, which the samples are timed by too.
      this.#write("trace_clock", "mono");
      this.#write("buffer_size_kb", String(bufferKibPerCpu));
      this.#sent = this.#describe(EVENTS.sent, SentResetEvent);
      this.#received = this.#describe(EVENTS.received, ReceivedResetEvent);
      for (const event of Object.values(EVENTS)) this.#write(`${event}/enable`, "1");
      this.#end = this.#traceEnds();
      this.#ring = new TraceRing(this.#instance);
    } catch (error) {
      this.#instance[Symbol.dispose]();
      throw error;
    }
  }

  /** False on kernels before 6.10, which do not say why they reset. */
  get hasReasons(): boolean {
    return this.#sent.hasReasons;
  }

  /** Forgets what came so far, for the next trial. Throws `SystemError`. */
  begin(): void {
    this.drain();
    for (const counts of this.#counts.values()) counts.length = 0;
    this.#room = { sent: this.#keep, received: this.#keep };
    this.#unsettled.length = 0;
  }

  /**
   * Takes in what has come; returns those resets of the trial's addresses that are kept in full, sent and received, oldest
   * first. Throws `SystemError`.
   */
  drain(): TracedReset[] {
    this.#isPairing = this.#room.received > 0 || this.#unsettled.length > 0;
    this.#resets = this.#unsettled.splice(0);
    this.#ends = [];
    const hasMissed = this.#ring.drain(this.#visit);
    const settled = new Set(this.#resets);
    // The read may have fallen between a reset and its end, which are microseconds apart.
    if (this.#resets.some(lacksState)) this.#ring.drain(this.#visit);
    const state = this.#end === null || hasMissed ? UNNAMED_STATE.UNKNOWN : UNNAMED_STATE.CLOSING;
    const kept: TracedReset[] = [];
    for (const reset of nameEndedStates(this.#resets, this.#ends)) {
      if (!lacksState(reset)) kept.push(reset);
      else if (!settled.has(reset)) this.#unsettled.push(reset);
      else kept.push({ ...reset, state });
    }
    return kept;
  }

  /** Resets that one of the addresses sent and `drain` took in since `begin`, by the kernel's reason; all are counted. */
  countsOf(address: string): ReadonlyMap<string | null, number> {
    const counts = this.#counts.get(keyOfAddress(parseIpAddress(address))) ?? [];
    return new Map(
      counts.flatMap((count, reason) =>
        count > 0 ? [[this.#sent.nameReason(reason), count] as const] : [],
      ),
    );
  }

  /** Events that were overwritten before they were read, on all processors, of this machine and not only of the trial. */
  readLost(): number {
    return this.#ring.readLost();
  }

  close(): void {
    this.#instance[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Makes an object of what is kept in full only: a busy trial has tens of thousands of events a second. */
  readonly #visit: TraceEventVisitor = (at, _, atNs) => {
    const { view } = this.#ring;
    const id = view.getUint16(at, true);
    if (id === this.#sent.id) this.#takeSent(view, at, atNs);
    else if (id === this.#received.id) this.#takeReceived(view, at, atNs);
    else if (this.#isPairing && id === this.#end?.id) this.#takeEnd(this.#end, at, atNs);
  };

  #takeSent(view: DataView, at: number, atNs: number): void {
    const counts = this.#counts.get(this.#sent.sourceOf(view, at));
    if (counts === undefined) return;
    const reason = this.#sent.reasonOf(view, at);
    counts[reason] = (counts[reason] ?? 0) + 1;
    if (this.#room.sent === 0) return;
    this.#room.sent -= 1;
    this.#resets.push(this.#sent.read(view, at, atNs));
  }

  #takeReceived(view: DataView, at: number, atNs: number): void {
    if (this.#room.received === 0 || !this.#counts.has(this.#received.sourceOf(view, at))) return;
    this.#room.received -= 1;
    this.#resets.push(this.#received.read(view, at, atNs));
  }

  #takeEnd(end: EndEvent, at: number, atNs: number): void {
    const { view } = this.#ring;
    if (this.#counts.has(end.sourceOf(view, at))) this.#ends.push(end.read(view, at, atNs));
  }

  #traceEnds(): EndEvent | null {
    if (!existsSync(`${this.#instance.path}/${END_EVENT}`)) return null;
    this.#write(`${END_EVENT}/filter`, END_FILTER);
    const end = this.#describe(END_EVENT, EndEvent);
    this.#write(`${END_EVENT}/enable`, "1");
    return end;
  }

  #describe<T>(event: string, Event: new (format: TraceFormat) => T): T {
    try {
      return new Event(
        parseTraceFormat(readFileSync(`${this.#instance.path}/${event}/format`, "utf8")),
      );
    } catch (cause) {
      const message = `This kernel does not trace what ${event} is read for`;
      const hint = "The events of resets need Linux 4.15 with CONFIG_TRACING, or newer.";
      throw new ChurnError("E_PLATFORM", message, { hint, cause });
    }
  }

  #write(file: string, value: string): void {
    writeFileSync(`${this.#instance.path}/${file}`, value);
  }
}
