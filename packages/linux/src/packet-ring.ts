import { KernelMemory } from "./kernel-memory.ts";
import { check, koffi, libc } from "./libc.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET } from "./socket-abi.ts";

// include/uapi/linux/if_packet.h, packet(7), Documentation/networking/packet_mmap.rst
const AF_PACKET = 17;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_IGNORE_OUTGOING = 23;
const TPACKET_V2 = 1;
const ETH_P_ALL_NETWORK_ORDER = 0x0300;

const TP_STATUS_USER = 1;
const FRAME_BYTES = 256;
const BLOCK_BYTES = 65_536;

/** Words and bytes of struct tpacket2_hdr, and of the struct sockaddr_ll behind it. */
const HEADER = {
  STATUS: 0,
  NETWORK_OFFSET: 14,
  SECONDS: 4,
  NANOSECONDS: 5,
  PACKET_TYPE: 42,
} as const;

/** How a packet stands to the namespace (include/uapi/linux/if_packet.h). */
export const PACKET_TYPE = { HOST: 0, OUTGOING: 4 } as const;

/** Takes one packet: `at` is the byte of `bytes` at which its IP header begins. */
export type PacketVisitor = (
  bytes: Buffer,
  at: number,
  packet: { readonly type: number; readonly unixS: number; readonly nanoseconds: number },
) => void;

export interface PacketRingOptions {
  /** An array of struct sock_filter; what it returns is how many bytes of a packet are kept (at most 176). */
  readonly filter: Buffer;
  /** Packets that can wait to be read. */
  readonly frames: number;
  /** Without it packets that leave are not even copied for the filter: most of the cost of a capture. */
  readonly outgoing: boolean;
}

/**
 * Packets of all devices of a namespace that pass a filter, in memory shared with the kernel: reading one costs no
 * system call. Packets that find the memory full are counted as lost, never silently dropped. Needs CAP_NET_RAW over
 * the namespace. Not to be shared by threads.
 */
export class PacketRing implements Disposable {
  readonly #fd: number;
  readonly #bytes: Buffer;
  readonly #words: Int32Array;
  readonly #frames: number;
  readonly #held: DisposableStack;
  #next = 0;
  #lost = 0;

  /** Throws `SystemError`: EPERM without CAP_NET_RAW, EAFNOSUPPORT on a kernel without AF_PACKET. */
  constructor(namespace: NetworkNamespace, { filter, frames, outgoing }: PacketRingOptions) {
    this.#frames = Math.ceil((frames * FRAME_BYTES) / BLOCK_BYTES) * (BLOCK_BYTES / FRAME_BYTES);
    const ringBytes = this.#frames * FRAME_BYTES;
    using opened = new DisposableStack();
    // Protocol 0 receives nothing: no packet gets past the filter that is not there yet.
    const fd = namespace.run(() =>
      check("socket", libc().socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
    );
    this.#fd = opened.adopt(fd, (one) => libc().close(one));
    this.#attach(filter);
    if (!outgoing) this.#ignoreOutgoing();
    this.#makeRing(ringBytes);
    const memory = opened.use(new KernelMemory(ringBytes, { fd: this.#fd, offset: 0 }));
    namespace.run(() => this.#bindToAllDevices());
    this.#bytes = memory.bytes();
    this.#words = new Int32Array(memory.buffer);
    this.#held = opened.move();
  }

  /** Visits every packet that has arrived and gives its memory back. Returns how many there were. */
  drain(visit: PacketVisitor): number {
    for (let count = 0; ; count += 1) {
      const frame = this.#next * FRAME_BYTES;
      const word = frame >> 2;
      // Atomic: the rest of the frame is written before its status, on processors that reorder too.
      if ((Atomics.load(this.#words, word + HEADER.STATUS) & TP_STATUS_USER) === 0) return count;
      visit(this.#bytes, frame + this.#bytes.readUInt16LE(frame + HEADER.NETWORK_OFFSET), {
        type: this.#bytes[frame + HEADER.PACKET_TYPE] as number,
        unixS: (this.#words[word + HEADER.SECONDS] as number) >>> 0,
        nanoseconds: this.#words[word + HEADER.NANOSECONDS] as number,
      });
      Atomics.store(this.#words, word + HEADER.STATUS, 0);
      this.#next = (this.#next + 1) % this.#frames;
    }
  }

  /** Packets that passed the filter and found no room, since the ring was made. */
  readLost(): number {
    // Reading sets the kernel's two counters, packets and drops, back to zero.
    const statistics = Buffer.alloc(8);
    const length = Buffer.from([8, 0, 0, 0]);
    check(
      "getsockopt",
      libc().getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, statistics, length),
    );
    this.#lost += statistics.readUInt32LE(4);
    return this.#lost;
  }

  close(): void {
    this.#held.dispose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #attach(filter: Buffer): void {
    const program = Buffer.alloc(16);
    program.writeUInt16LE(filter.length / 8, 0);
    program.writeBigUInt64LE(koffi().address(filter), 8);
    this.#setOption(SOL_SOCKET, SO_ATTACH_FILTER, program);
  }

  /** Linux 4.20. */
  #ignoreOutgoing(): void {
    const on = Buffer.alloc(4);
    on.writeInt32LE(1, 0);
    this.#setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING, on);
  }

  #makeRing(ringBytes: number): void {
    const version = Buffer.alloc(4);
    version.writeInt32LE(TPACKET_V2, 0);
    this.#setOption(SOL_PACKET, PACKET_VERSION, version);
    const request = Buffer.alloc(16);
    request.writeUInt32LE(BLOCK_BYTES, 0);
    request.writeUInt32LE(ringBytes / BLOCK_BYTES, 4);
    request.writeUInt32LE(FRAME_BYTES, 8);
    request.writeUInt32LE(this.#frames, 12);
    this.#setOption(SOL_PACKET, PACKET_RX_RING, request);
  }

  #setOption(level: number, name: number, value: Buffer): void {
    check("setsockopt", libc().setsockopt(this.#fd, level, name, value, value.length), "AF_PACKET");
  }

  /** struct sockaddr_ll with interface 0. */
  #bindToAllDevices(): void {
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16LE(ETH_P_ALL_NETWORK_ORDER, 2);
    check("bind", libc().bind(this.#fd, address, address.length), "AF_PACKET");
  }
}
