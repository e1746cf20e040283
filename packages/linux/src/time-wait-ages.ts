import { TIME_WAIT_S } from "@churnlab/core/time-wait-length";
import { parseIpAddress } from "./ip-address.ts";
import { DIAG_WORD, type SocketVisitor, swapPort } from "./sock-diag.ts";
import { TCP_STATES } from "./tcp-states.ts";

const TIME_WAIT_NUMBER = TCP_STATES.indexOf("TIME_WAIT") + 1;
/** The upper half of ::ffff:0:0/96 as its third word, read in the machine's (little-endian) order. */
const MAPPED_WORD = 0xffff_0000;

/** Local ports are competed for from one address towards one address and port. */
export interface Destination {
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
}

/** What is kept of a socket: ports, source (4 words), destination (4), seconds left. */
const ROW_WORDS = 10;

/**
 * Counts TIME_WAIT sockets by the whole seconds they have left, in all and by destination. Since each lasts a minute, one
 * dump tells how many began in each second of the last minute, and how many end in each of the next. Sockets of `range`
 * are kept, 40 bytes each, because which destinations matter is known only after the dump.
 */
export class TimeWaitAges implements SocketVisitor {
  readonly #total: Uint32Array = new Uint32Array(TIME_WAIT_S);
  readonly #range: { readonly low: number; readonly high: number };
  #rows: Uint32Array = new Uint32Array(1024 * ROW_WORDS);
  #end = 0;

  /** By destination only local ports within `range` count, as in `PortCensus`. */
  constructor(range: { readonly low: number; readonly high: number }) {
    this.#range = range;
  }

  begin(): void {
    this.#total.fill(0);
    this.#end = 0;
  }

  visit(words: Uint32Array, at: number): void {
    const familyAndState = words[at + DIAG_WORD.FAMILY_STATE] as number;
    if (((familyAndState >>> 8) & 0xff) !== TIME_WAIT_NUMBER) return;
    // idiag_expires, milliseconds; 0 while the timer wheel is late.
    const leftMs = words[at + DIAG_WORD.EXPIRES] as number;
    const second = Math.min(TIME_WAIT_S - 1, Math.floor(leftMs / 1000));
    (this.#total[second] as number)++;
    const local = swapPort(words[at + DIAG_WORD.PORTS] as number);
    if (local < this.#range.low || local > this.#range.high) return;
    if (this.#end === this.#rows.length) this.#grow();
    const from = at + DIAG_WORD.PORTS;
    for (let word = 0; word < ROW_WORDS - 1; word += 1) {
      this.#rows[this.#end + word] = words[from + word] as number;
    }
    this.#rows[this.#end + ROW_WORDS - 1] = second;
    this.#end += ROW_WORDS;
  }

  /** All TIME_WAIT sockets: at index n those with n to n+1 seconds left. */
  total(): number[] {
    return [...this.#total];
  }

  /** The same for each of a few destinations. */
  ofDestinations(destinations: readonly Destination[]): number[][] {
    const wanted = destinations.map(({ source, destination, destinationPort }) => ({
      source: wordsOf(source),
      destination: wordsOf(destination),
      port: swapPort(destinationPort),
      left: Array.from({ length: TIME_WAIT_S }, () => 0),
    }));
    const byPort = Map.groupBy(wanted, ({ port }) => port);
    const rows = this.#rows;
    for (let row = 0; row < this.#end; row += ROW_WORDS) {
      for (const each of byPort.get((rows[row] as number) >>> 16) ?? []) {
        if (!isAddress(each.destination, rows, row + DESTINATION)) continue;
        if (!isAddress(each.source, rows, row + SOURCE)) continue;
        (each.left[rows[row + ROW_WORDS - 1] as number] as number)++;
        break;
      }
    }
    return wanted.map(({ left }) => left);
  }

  #grow(): void {
    const rows = new Uint32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
  }
}

const SOURCE = DIAG_WORD.SOURCE - DIAG_WORD.PORTS;
const DESTINATION = DIAG_WORD.DESTINATION - DIAG_WORD.PORTS;

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
