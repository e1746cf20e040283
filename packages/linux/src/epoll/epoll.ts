import { readFileSync } from "node:fs";
import { ERRNO } from "@churnlab/core/errno";
import { KernelMemory } from "../kernel-memory.ts";
import { bindC, check, errno } from "../libc.ts";
import { SystemError } from "../system-error.ts";
import { type SocketCalls, socketCalls } from "./socket-calls.ts";

// include/uapi/linux/eventpoll.h
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
const EPOLLET = 0x8000_0000;

const EPOLL_CTL_ADD = 1;
const EPOLL_CLOEXEC = 0x8_0000;
/** The same number on every architecture; Linux 5.11. */
const SYS_EPOLL_PWAIT2 = 441;
const EVENTS_MAX = 256;
const TIMESPEC_AT = 32;

/** struct epoll_event is packed on x86-64 only. */
const EVENT_BYTES = process.arch === "x64" ? 12 : 16;
const DATA_AT = EVENT_BYTES - 8;

export interface ReadinessHandler {
  /** `generation` is what `add` was given. */
  ready(slot: number, generation: number, events: number): void;
}

type Pwait2 = (
  ...call: [
    number: number,
    epoll: number,
    events: number,
    count: number,
    timespec: number,
    sigmask: number,
    sigmaskBytes: number,
  ]
) => number;

let pwait2: Pwait2 | undefined;

/** One epoll(7) instance; everything is registered once, edge-triggered. Waits are exact to the kernel's timer slack, 50 µs. */
export class Epoll implements Disposable {
  readonly #calls: SocketCalls = socketCalls();
  /** The descriptor of the instance. */
  readonly fd: number;
  readonly #events = new KernelMemory(EVENTS_MAX * EVENT_BYTES);
  readonly #eventView = new DataView(this.#events.buffer);
  /** struct epoll_event for `add`, and a timespec. */
  readonly #argument = new KernelMemory(64);
  readonly #argumentView = new DataView(this.#argument.buffer);
  #hasPwait2 = true;

  constructor() {
    pwait2 ??= bindC<Pwait2>(
      "long syscall(long number, int epoll, uintptr_t events, int count, uintptr_t timespec, uintptr_t sigmask, size_t bytes)",
    );
    this.fd = check("epoll_create1", this.#calls.epoll_create1(EPOLL_CLOEXEC));
  }

  /** Reports every change of the descriptor's readiness from now on. Returns 0, or the errno of the refusal. */
  add(fd: number, slot: number, generation: number): number {
    const view = this.#argumentView;
    view.setUint32(0, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, true);
    view.setUint32(DATA_AT, slot, true);
    view.setUint32(DATA_AT + 4, generation, true);
    const result = this.#calls.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, this.#argument.address);
    return result === 0 ? 0 : errno();
  }

  /** Waits until something is ready or the time is over, and calls the handler for each. Returns how many there were. */
  wait(timeoutMs: number, handler: ReadinessHandler): number {
    const count = this.#wait(timeoutMs);
    const view = this.#eventView;
    for (let i = 0, at = 0; i < count; i++, at += EVENT_BYTES) {
      handler.ready(
        view.getUint32(at + DATA_AT, true),
        view.getUint32(at + DATA_AT + 4, true),
        view.getUint32(at, true),
      );
    }
    return count;
  }

  close(): void {
    this.#calls.close(this.fd);
    this.#events.free();
    this.#argument.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #wait(timeoutMs: number): number {
    const count = this.#hasPwait2 ? this.#waitExactly(timeoutMs) : this.#waitWholeMs(timeoutMs);
    if (count >= 0) return count;
    const failure = errno();
    if (failure === ERRNO.EINTR) return 0;
    // An old kernel, or a seccomp filter from before this call.
    if (this.#hasPwait2 && (failure === ERRNO.ENOSYS || failure === ERRNO.EPERM)) {
      this.#hasPwait2 = false;
      return this.#wait(timeoutMs);
    }
    throw new SystemError("epoll_wait", failure);
  }

  #waitExactly(timeoutMs: number): number {
    const ns = Math.round(timeoutMs * 1e6);
    this.#argumentView.setInt32(TIMESPEC_AT, Math.floor(ns / 1e9), true);
    this.#argumentView.setInt32(TIMESPEC_AT + 8, ns % 1e9, true);
    return (pwait2 as Pwait2)(
      SYS_EPOLL_PWAIT2,
      this.fd,
      this.#events.address,
      EVENTS_MAX,
      this.#argument.address + TIMESPEC_AT,
      0,
      0,
    );
  }

  /** Rounded down: what is left of the last millisecond is polled. */
  #waitWholeMs(timeoutMs: number): number {
    const ms = Math.floor(timeoutMs);
    return this.#calls.epoll_wait(this.fd, this.#events.address, EVENTS_MAX, ms);
  }
}

/** The descriptors that an epoll instance of this process watches; none where the descriptor is of something else (proc_pid_fdinfo(5)). */
export function readWatchedDescriptors(fd: number): number[] {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  return Array.from(info.matchAll(/^tfd:\s*(\d+)/gm), ([, watched]) => Number(watched));
}
