import {
  encodeSocketAddress,
  errno,
  readOwnPortRange,
  type SocketCalls,
  socketCalls,
} from "@churnlab/linux";
import { cyclePorts } from "../cycle-ports.ts";
import type { WorkerJob } from "../engine.ts";
import { type BoundMode, OPTION_BEFORE_BIND } from "../slots/bind-options.ts";
import { FixedBytes, fixedInts } from "../slots/fixed-bytes.ts";

const PORT_AT = 2;

/** Binds sockets to the address, and maybe a port, of their own end. */
export class LocalEnd {
  readonly #calls: SocketCalls = socketCalls();
  readonly #option: { readonly level: number; readonly name: number };
  readonly #on: FixedBytes = fixedInts(1);
  readonly #address: FixedBytes;
  readonly #nextPort: (() => number) | null;

  constructor(job: WorkerJob, mode: BoundMode) {
    this.#option = OPTION_BEFORE_BIND[mode];
    this.#address = new FixedBytes(encodeSocketAddress(job.sourceAddress, 0));
    this.#nextPort =
      mode === "port"
        ? cyclePorts(readOwnPortRange(), job.sourceShare ?? { index: 0, of: 1 })
        : null;
  }

  /** Returns 0, or the errno of the refusal. */
  bind(fd: number): number {
    const { level, name } = this.#option;
    const { address, length } = this.#on;
    if (this.#calls.setsockopt(fd, level, name, address, length) === -1) return errno();
    if (this.#nextPort !== null) this.#address.bytes.writeUInt16BE(this.#nextPort(), PORT_AT);
    const bound = this.#calls.bind(fd, this.#address.address, this.#address.length);
    return bound === 0 ? 0 : errno();
  }

  free(): void {
    this.#on.free();
    this.#address.free();
  }
}
