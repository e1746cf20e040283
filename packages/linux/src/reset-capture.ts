import { formatIpAddress } from "./ip-address.ts";
import { libc } from "./libc.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { PACKET_TYPE, PacketRing } from "./packet-ring.ts";
import { encodeResetFilter } from "./reset-filter.ts";

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;

/** A reset as it went over the wire. */
export interface CapturedReset {
  /** CLOCK_MONOTONIC. */
  readonly atMs: number;
  readonly direction: "sent" | "received";
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly sequence: number;
}

/** Resets seen so far. */
export interface ResetCounts {
  readonly sent: number;
  readonly received: number;
}

export interface ResetCaptureOptions {
  /** Resets kept in full, from the first; all are counted. */
  readonly keep?: number;
  /**
   * Whether resets that leave are captured too; true if absent. Where the other end is captured as well, what leaves
   * here arrives there, and a capture of arrivals costs a third.
   */
  readonly sent?: boolean;
  /** Resets that can wait for `drain`; 16384 is 0.8 s at 20 000 per second, in 4 MiB. */
  readonly frames?: number;
}

/**
 * Every segment with RST on the devices of a namespace, also of those that its TCP ignores: AF_PACKET with a filter in
 * the kernel, so without root of the machine. What loopback carries is seen twice, as sent and as received.
 */
export class ResetCapture implements Disposable {
  readonly #ring: PacketRing;
  #keep: number;
  #sent = 0;
  #received = 0;

  /** Throws `SystemError`: EPERM without CAP_NET_RAW over the namespace. */
  constructor(
    namespace: NetworkNamespace,
    { keep = 1000, sent = true, frames = 16_384 }: ResetCaptureOptions = {},
  ) {
    this.#ring = new PacketRing(namespace, { filter: encodeResetFilter(), frames, outgoing: sent });
    this.#keep = keep;
  }

  /** Takes in what has arrived; returns those of it that are kept in full, oldest first. */
  drain(): CapturedReset[] {
    const kept: CapturedReset[] = [];
    const bootUnixMs = readBootUnixMs();
    this.#ring.drain((bytes, at, { type, unixS, nanoseconds }) => {
      const direction = directionOf(type);
      if (direction === undefined) return;
      const atMs = unixS * 1000 + nanoseconds / 1e6 - bootUnixMs;
      if (direction === "sent") this.#sent += 1;
      else this.#received += 1;
      if (this.#keep === 0) return;
      this.#keep -= 1;
      kept.push({ atMs, direction, ...parseSegment(bytes, at) });
    });
    return kept;
  }

  /** Of what `drain` took in. */
  get counts(): ResetCounts {
    return { sent: this.#sent, received: this.#received };
  }

  /** Resets that found the memory full and are in no count. */
  readLost(): number {
    return this.#ring.readLost();
  }

  close(): void {
    this.#ring.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Broadcasts and packets for other hosts are neither. */
function directionOf(packetType: number): CapturedReset["direction"] | undefined {
  if (packetType === PACKET_TYPE.OUTGOING) return "sent";
  return packetType === PACKET_TYPE.HOST ? "received" : undefined;
}

function parseSegment(bytes: Buffer, at: number): Omit<CapturedReset, "atMs" | "direction"> {
  const first = bytes[at] as number;
  const isIPv4 = first >> 4 === 4;
  const tcp = at + (isIPv4 ? (first & 15) * 4 : 40);
  const [source, length] = isIPv4 ? [at + 12, 4] : [at + 8, 16];
  return {
    source: formatIpAddress(bytes.subarray(source, source + length)),
    sourcePort: bytes.readUInt16BE(tcp),
    destination: formatIpAddress(bytes.subarray(source + length, source + 2 * length)),
    destinationPort: bytes.readUInt16BE(tcp + 2),
    sequence: bytes.readUInt32BE(tcp + 4),
  };
}

/**
 * When CLOCK_MONOTONIC was zero, on the clock that packets are stamped with. Another process may run between the
 * readings, so the closest of a few is taken.
 */
function readBootUnixMs(): number {
  const readings = Array.from({ length: 3 }, () => {
    const before = readClockMs(CLOCK_MONOTONIC);
    const unix = readClockMs(CLOCK_REALTIME);
    const after = readClockMs(CLOCK_MONOTONIC);
    return { bootUnixMs: unix - (before + after) / 2, gapMs: after - before };
  });
  return readings.reduce((a, b) => (a.gapMs <= b.gapMs ? a : b)).bootUnixMs;
}

function readClockMs(clock: number): number {
  const timespec = Buffer.alloc(16);
  libc().clock_gettime(clock, timespec);
  return Number(timespec.readBigInt64LE(0)) * 1000 + Number(timespec.readBigInt64LE(8)) / 1e6;
}
