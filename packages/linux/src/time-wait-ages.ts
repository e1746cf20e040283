import { parseIpAddress } from "./ip-address.ts";
import { DIAG_WORD, type SocketVisitor, swapPort } from "./sock-diag.ts";
import { TCP_STATES } from "./tcp-states.ts";

/** TCP_TIMEWAIT_LEN in seconds (include/net/tcp.h). */
const TIME_WAIT_S = 60;
const TIME_WAIT_NUMBER = TCP_STATES.indexOf("TIME_WAIT") + 1;
/** The upper half of ::ffff:0:0/96 as its third word, read in the machine's (little-endian) order. */
const MAPPED_WORD = 0xffff_0000;

/** Local ports are competed for from one address towards one address and port. */
export interface Destination {
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
}

interface FollowedDestination {
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  readonly port: number;
  readonly remaining: Uint32Array;
}

/**
 * Counts TIME_WAIT sockets by the whole seconds they have left, in all and for a few destinations. Since each lasts a
 * minute, one dump tells how many began in each second of the last minute, and how many end in each of the next.
 */
export class TimeWaitAges implements SocketVisitor {
  readonly #total: Uint32Array = new Uint32Array(TIME_WAIT_S);
  readonly #followed: readonly FollowedDestination[];
  readonly #range: { readonly low: number; readonly high: number };

  /** Of the destinations only local ports within `range` count, as in `PortCensus`. */
  constructor(
    destinations: readonly Destination[],
    range: { readonly low: number; readonly high: number },
  ) {
    this.#range = range;
    this.#followed = destinations.map(({ source, destination, destinationPort }) => ({
      source: wordsOf(source),
      destination: wordsOf(destination),
      port: destinationPort,
      remaining: new Uint32Array(TIME_WAIT_S),
    }));
  }

  begin(): void {
    this.#total.fill(0);
    for (const { remaining } of this.#followed) remaining.fill(0);
  }

  visit(words: Uint32Array, at: number): void {
    const familyAndState = words[at + DIAG_WORD.FAMILY_STATE] as number;
    if (((familyAndState >>> 8) & 0xff) !== TIME_WAIT_NUMBER) return;
    // idiag_expires, milliseconds; 0 while the timer wheel is late.
    const leftMs = words[at + DIAG_WORD.IDENTITY_END] as number;
    const second = Math.min(TIME_WAIT_S - 1, Math.floor(leftMs / 1000));
    (this.#total[second] as number)++;
    const followed = this.#find(words, at);
    if (followed !== undefined) (followed.remaining[second] as number)++;
  }

  /** All TIME_WAIT sockets: at index n those with n to n+1 seconds left. */
  total(): number[] {
    return [...this.#total];
  }

  /** The same of one of the destinations given, by its index. */
  of(index: number): number[] {
    return [...(this.#followed[index]?.remaining ?? [])];
  }

  #find(words: Uint32Array, at: number): FollowedDestination | undefined {
    const ports = words[at + DIAG_WORD.PORTS] as number;
    const local = swapPort(ports);
    if (local < this.#range.low || local > this.#range.high) return undefined;
    const remote = swapPort(ports >>> 16);
    return this.#followed.find(
      ({ source, destination, port }) =>
        port === remote &&
        isAddress(destination, words, at + DIAG_WORD.DESTINATION) &&
        isAddress(source, words, at + DIAG_WORD.SOURCE),
    );
  }
}

function wordsOf(address: string): Uint32Array {
  const bytes = new Uint8Array(16);
  const ip = parseIpAddress(address);
  bytes.set(ip);
  return new Uint32Array(bytes.buffer, 0, ip.length / 4);
}

/** An IPv4 address also stands for its mapped form, the one in which sockets of both families show it. */
function isAddress(address: Uint32Array, words: Uint32Array, at: number): boolean {
  if (address.length === 4) return address.every((word, index) => word === words[at + index]);
  const isMapped = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === MAPPED_WORD;
  return address[0] === words[isMapped ? at + 3 : at];
}
