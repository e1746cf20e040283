import { formatIpAddress } from "./ip-address.ts";
import { DIAG_WORD, type SocketVisitor, swapPort } from "./sock-diag.ts";
import { AF_INET } from "./socket-abi.ts";
import { TCP_STATE_LIMIT, TCP_STATES, type TcpState } from "./tcp-states.ts";

/** Destinations kept apart; a busy proxy has thousands, and the list must not grow without bound. */
const DESTINATION_LIMIT = 65_536;
/** A destination is told by local address (4 words), remote address (4), and remote port. */
const KEY_WORDS = 9;

/** Sockets from one local address to one remote address and port: they compete for the same local ports. */
export interface DestinationUse {
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
  /** Distinct local ports in use; a port serves one socket per destination. */
  readonly ports: number;
  readonly states: Readonly<Partial<Record<TcpState, number>>>;
}

/**
 * Counts sockets by state, and local ports by destination. No object is made per socket. A socket whose local port is in
 * the range that connect() chooses from, and on which nothing listens, counts as outbound; the others are a server's.
 */
export class PortCensus implements SocketVisitor {
  readonly #low: number;
  readonly #high: number;
  readonly #listening: Uint8Array = new Uint8Array(65_536);
  readonly #states: Float64Array = new Float64Array(TCP_STATE_LIMIT + 1);
  readonly #portsSeen: Uint8Array = new Uint8Array(65_536);
  #keys: Uint32Array = new Uint32Array(64 * KEY_WORDS);
  #families: Uint8Array = new Uint8Array(64);
  #counts: Uint32Array = new Uint32Array(64 * TCP_STATE_LIMIT);
  /** Open addressing: one more than the index of a destination; 0 is free. */
  #table: Uint32Array = new Uint32Array(128);
  #destinations = 0;
  #last = -1;
  #portsUsed = 0;
  #omitted = 0;

  constructor(range: { readonly low: number; readonly high: number }) {
    this.#low = range.low;
    this.#high = range.high;
  }

  /** Sockets on these local ports are a server's even when the port lies in the range. */
  setListeningPorts(ports: Iterable<number>): void {
    this.#listening.fill(0);
    for (const port of ports) this.#listening[port] = 1;
  }

  begin(): void {
    this.#states.fill(0);
    this.#portsSeen.fill(0);
    this.#counts.fill(0);
    this.#table.fill(0);
    this.#destinations = 0;
    this.#last = -1;
    this.#portsUsed = 0;
    this.#omitted = 0;
  }

  visit(words: Uint32Array, at: number): void {
    const familyAndState = words[at + DIAG_WORD.FAMILY_STATE] as number;
    const state = (familyAndState >>> 8) & 0xff;
    (this.#states[state] as number)++;
    const ports = words[at + DIAG_WORD.PORTS] as number;
    const localPort = swapPort(ports);
    if (localPort < this.#low || localPort > this.#high || this.#listening[localPort] === 1) return;
    if (this.#portsSeen[localPort] === 0) {
      this.#portsSeen[localPort] = 1;
      this.#portsUsed += 1;
    }
    const index = this.#findDestination(words, at, familyAndState & 0xff);
    if (index === -1) this.#omitted += 1;
    else (this.#counts[index * TCP_STATE_LIMIT + state] as number)++;
  }

  /** Sockets by state; a state without sockets is absent. */
  states(): Partial<Record<TcpState, number>> {
    return namedStates(this.#states, 0);
  }

  /**
   * Distinct local ports of outbound sockets, whatever their destination: bind(address, 0) before connect() finds none of
   * them free, where connect() alone takes a port again for another destination.
   */
  get portsUsed(): number {
    return this.#portsUsed;
  }

  /** Outbound sockets of destinations beyond the bound on how many are kept apart. */
  get omitted(): number {
    return this.#omitted;
  }

  /** In words what no destination's count has; null where all are kept apart. */
  describeOmitted(): string | null {
    if (this.#omitted === 0) return null;
    return `${this.#omitted} sockets are left out of the port budget: only ${DESTINATION_LIMIT} destinations are kept apart`;
  }

  /** Destinations that are kept apart, at most 65 536. */
  get destinations(): number {
    return this.#destinations;
  }

  /** The destinations with most ports in use, at most `limit` of them. */
  busiest(limit: number): DestinationUse[] {
    const ports = Uint32Array.from({ length: this.#destinations }, (_, index) =>
      this.#portsOf(index),
    );
    return Array.from(ports.keys())
      .toSorted((a, b) => (ports[b] as number) - (ports[a] as number))
      .slice(0, limit)
      .map((index) => this.#describe(index));
  }

  #portsOf(index: number): number {
    let sum = 0;
    for (let state = 1; state < TCP_STATE_LIMIT; state += 1) {
      sum += this.#counts[index * TCP_STATE_LIMIT + state] as number;
    }
    return sum;
  }

  #describe(index: number): DestinationUse {
    const key = this.#keys.slice(index * KEY_WORDS, (index + 1) * KEY_WORDS);
    const bytes = new Uint8Array(key.buffer);
    const length = this.#families[index] === AF_INET ? 4 : 16;
    return {
      source: formatIpAddress(bytes.subarray(0, length)),
      destination: formatIpAddress(bytes.subarray(16, 16 + length)),
      destinationPort: swapPort(key[8] as number),
      ports: this.#portsOf(index),
      states: namedStates(this.#counts, index * TCP_STATE_LIMIT),
    };
  }

  /** Sockets of one destination tend to come together, so the last one is tried first. */
  #findDestination(words: Uint32Array, at: number, family: number): number {
    if (this.#last !== -1 && this.#isKey(this.#last, words, at)) return this.#last;
    const mask = this.#table.length - 1;
    for (let slot = hashKey(words, at) & mask; ; slot = (slot + 1) & mask) {
      const index = (this.#table[slot] as number) - 1;
      if (index === -1) return this.#addDestination(words, at, { slot, family });
      if (this.#isKey(index, words, at)) {
        this.#last = index;
        return index;
      }
    }
  }

  #isKey(index: number, words: Uint32Array, at: number): boolean {
    const key = index * KEY_WORDS;
    for (let word = 0; word < 8; word += 1) {
      if (this.#keys[key + word] !== words[at + DIAG_WORD.SOURCE + word]) return false;
    }
    return this.#keys[key + 8] === (words[at + DIAG_WORD.PORTS] as number) >>> 16;
  }

  #addDestination(
    words: Uint32Array,
    at: number,
    { slot, family }: { readonly slot: number; readonly family: number },
  ): number {
    if (this.#destinations === DESTINATION_LIMIT) return -1;
    const index = this.#destinations++;
    if (index === this.#families.length) this.#grow();
    const key = index * KEY_WORDS;
    for (let word = 0; word < 8; word += 1) {
      this.#keys[key + word] = words[at + DIAG_WORD.SOURCE + word] as number;
    }
    this.#keys[key + 8] = (words[at + DIAG_WORD.PORTS] as number) >>> 16;
    this.#families[index] = family;
    this.#last = index;
    if (this.#table.length < this.#families.length * 2) this.#rehash();
    else this.#table[slot] = index + 1;
    return index;
  }

  #grow(): void {
    const capacity = this.#families.length * 2;
    this.#keys = enlarge(this.#keys, capacity * KEY_WORDS);
    this.#counts = enlarge(this.#counts, capacity * TCP_STATE_LIMIT);
    const families = new Uint8Array(capacity);
    families.set(this.#families);
    this.#families = families;
  }

  #rehash(): void {
    this.#table = new Uint32Array(this.#families.length * 2);
    const mask = this.#table.length - 1;
    for (let index = 0; index < this.#destinations; index += 1) {
      let slot = hashWords(
        this.#keys,
        index * KEY_WORDS,
        this.#keys[index * KEY_WORDS + 8] as number,
      );
      while (this.#table[slot & mask] !== 0) slot += 1;
      this.#table[slot & mask] = index + 1;
    }
  }
}

function enlarge(from: Uint32Array, length: number): Uint32Array {
  const to = new Uint32Array(length);
  to.set(from);
  return to;
}

function hashKey(words: Uint32Array, at: number): number {
  return hashWords(words, at + DIAG_WORD.SOURCE, (words[at + DIAG_WORD.PORTS] as number) >>> 16);
}

/** FNV-1a over words, then mixed down, for the table is indexed by the low bits. */
function hashWords(words: Uint32Array, from: number, port: number): number {
  let hash = 0x811c_9dc5 ^ port;
  for (let word = 0; word < 8; word += 1) {
    hash = Math.imul(hash ^ (words[from + word] as number), 0x0100_0193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}

function namedStates(counts: ArrayLike<number>, from: number): Partial<Record<TcpState, number>> {
  const named: Partial<Record<TcpState, number>> = {};
  for (const [index, state] of TCP_STATES.entries()) {
    const count = counts[from + index + 1] ?? 0;
    if (count > 0) named[state] = count;
  }
  return named;
}
