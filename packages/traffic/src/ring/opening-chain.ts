import { isIPv6 } from "node:net";
import type { TargetAddress } from "@churnlab/core";
import {
  AF_INET,
  AF_INET6,
  encodeSocketAddress,
  KernelMemory,
  layOut,
  OPCODE,
  type Operation,
  QUIET_LINK,
  type Ring,
  readOwnPortRange,
  SOCK_STREAM,
  SQE,
  setAddress,
  setOption,
} from "@churnlab/linux";
import { cyclePorts } from "../cycle-ports.ts";
import type { WorkerJob } from "../engine.ts";
import { type BoundMode, OPTION_BEFORE_BIND } from "../slots/bind-options.ts";
import { FixedBytes, fixedInts } from "../slots/fixed-bytes.ts";
import { BIND_FAILED, OPENING, SOCKET_FAILED } from "./ring-tags.ts";

interface Step {
  readonly operation: Operation;
  readonly tag: number;
}

/** Room for a struct sockaddr_in6. */
const ADDRESS_BYTES = 32;
/** socket, setsockopt, bind, connect. */
const BIND_STEP = 2;

/**
 * socket → [setsockopt → bind →] connect as one chain of operations: the kernel begins each when the one before has
 * succeeded, and one completion tells how it ended.
 */
export class OpeningChain {
  readonly #steps: readonly Step[];
  readonly #memory: FixedBytes[] = [];
  readonly #ports: PortPerSlot | null;

  constructor(job: WorkerJob, slots: number) {
    const { target, sourceAddress, workload } = job;
    this.#steps = [
      { operation: socket(target), tag: SOCKET_FAILED },
      ...(workload.bind === "none" ? [] : this.#bind(workload.bind, sourceAddress)),
      { operation: this.#connect(target), tag: OPENING },
    ];
    this.#ports = workload.bind === "port" ? new PortPerSlot(job, slots) : null;
  }

  push(ring: Ring, slot: number, generation: number): void {
    const steps = this.#steps;
    ring.reserve(steps.length);
    for (let i = 0; i < steps.length; i++) {
      const { operation, tag } = steps[i] as Step;
      const at = ring.push(operation, slot, tag | generation);
      if (i === BIND_STEP && this.#ports !== null) {
        setAddress(ring.entries, at, this.#ports.next(slot));
      }
    }
  }

  free(): void {
    for (const bytes of this.#memory) bytes.free();
    this.#ports?.free();
  }

  #keep(bytes: FixedBytes): FixedBytes {
    this.#memory.push(bytes);
    return bytes;
  }

  #bind(mode: BoundMode, sourceAddress: string): Step[] {
    const local = this.#keep(new FixedBytes(encodeSocketAddress(sourceAddress, 0)));
    const on = this.#keep(fixedInts(1));
    const option = setOption({ ...OPTION_BEFORE_BIND[mode], value: on.address, length: on.length });
    const bind = layOut({
      opcode: OPCODE.BIND,
      flags: QUIET_LINK,
      slotIn: "fd",
      address: local.address,
      offset: local.length,
    });
    return [
      { operation: option, tag: BIND_FAILED },
      { operation: bind, tag: BIND_FAILED },
    ];
  }

  #connect({ host, port }: TargetAddress): Operation {
    const remote = this.#keep(new FixedBytes(encodeSocketAddress(host, port)));
    return layOut({
      opcode: OPCODE.CONNECT,
      flags: SQE.FIXED_FILE,
      slotIn: "fd",
      address: remote.address,
      offset: remote.length,
    });
  }
}

/** An address to bind for every slot: chains with different ports are under way at the same time. */
class PortPerSlot {
  readonly #addresses: KernelMemory;
  readonly #bytes: Buffer;
  readonly #nextPort: () => number;

  constructor({ sourceAddress, sourceShare }: WorkerJob, slots: number) {
    const local = encodeSocketAddress(sourceAddress, 0);
    this.#addresses = new KernelMemory(slots * ADDRESS_BYTES);
    this.#bytes = this.#addresses.bytes();
    for (let slot = 0; slot < slots; slot++) this.#bytes.set(local, slot * ADDRESS_BYTES);
    this.#nextPort = cyclePorts(readOwnPortRange(), sourceShare ?? { index: 0, of: 1 });
  }

  /** The address of the slot's socket address, in which the next port is written. */
  next(slot: number): number {
    this.#bytes.writeUInt16BE(this.#nextPort(), slot * ADDRESS_BYTES + 2);
    return this.#addresses.address + slot * ADDRESS_BYTES;
  }

  free(): void {
    this.#addresses.free();
  }
}

function socket({ host }: TargetAddress): Operation {
  return layOut({
    opcode: OPCODE.SOCKET,
    flags: SQE.LINK | SQE.SKIP_SUCCESS,
    fd: isIPv6(host) ? AF_INET6 : AF_INET,
    offset: SOCK_STREAM,
    slotIn: "fileIndex",
  });
}
