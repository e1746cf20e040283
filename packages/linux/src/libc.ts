import { createRequire } from "node:module";
import { SystemError } from "./system-error.ts";

type Koffi = typeof import("koffi").default;

/** Memory a C function reads or writes while it runs; passed by address, never copied. */
export type Memory = Uint8Array;

/** The C functions of this room. All return -1 and set errno on failure; give the result to `check`. */
export interface Libc {
  open(path: string, flags: number, mode: number): number;
  close(fd: number): number;
  read(fd: number, buffer: Memory, length: number): number;
  pread(fd: number, buffer: Memory, length: number, offset: number): number;
  unshare(flags: number): number;
  setns(fd: number, type: number): number;
  ioctl(fd: number, request: number, argument: Memory | null): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Memory, length: number): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, address: Memory, length: Memory): number;
  send(fd: number, buffer: Memory, length: number, flags: number): number;
  recv(fd: number, buffer: Memory, length: number, flags: number): number;
  setsockopt(fd: number, level: number, name: number, value: Memory, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Memory, length: Memory): number;
  if_nametoindex(name: string): number;
  clock_getres(clock: number, timespec: Memory): number;
  clock_gettime(clock: number, timespec: Memory): number;
  /** A BigInt address; all ones (MAP_FAILED) on failure. */
  mmap(
    at: null,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ): bigint;
  munmap(at: bigint, length: number): number;
}

// ssize_t, size_t and off_t are 64 bits wide on every platform this runs on.
const PROTOTYPES: Readonly<Record<keyof Libc, string>> = {
  open: "int open(const char *path, int flags, unsigned int mode)",
  close: "int close(int fd)",
  read: "int64_t read(int fd, void *buffer, size_t length)",
  pread: "int64_t pread(int fd, void *buffer, size_t length, int64_t offset)",
  unshare: "int unshare(int flags)",
  setns: "int setns(int fd, int type)",
  ioctl: "int ioctl(int fd, unsigned long request, void *argument)",
  socket: "int socket(int domain, int type, int protocol)",
  bind: "int bind(int fd, const void *address, uint32_t length)",
  listen: "int listen(int fd, int backlog)",
  getsockname: "int getsockname(int fd, void *address, void *length)",
  send: "int64_t send(int fd, const void *buffer, size_t length, int flags)",
  recv: "int64_t recv(int fd, void *buffer, size_t length, int flags)",
  setsockopt: "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
  getsockopt: "int getsockopt(int fd, int level, int name, void *value, void *length)",
  if_nametoindex: "unsigned int if_nametoindex(const char *name)",
  clock_getres: "int clock_getres(int clock, void *timespec)",
  clock_gettime: "int clock_gettime(int clock, void *timespec)",
  mmap: "void *mmap(void *at, size_t length, int protection, int flags, int fd, int64_t offset)",
  munmap: "int munmap(void *at, size_t length)",
};

let loadedKoffi: Koffi | undefined;
let loadedLibc: Libc | undefined;

/** koffi, loaded on first use: it costs about 10 ms, which commands that ask the kernel nothing do not pay. */
export function koffi(): Koffi {
  loadedKoffi ??= createRequire(import.meta.url)("koffi") as Koffi;
  return loadedKoffi;
}

/** A C function of the running program, by its C prototype. `null` names the process itself, so musl works like glibc. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the prototype string is what F describes
export function bindC<F extends (...parameters: never[]) => unknown>(prototype: string): F {
  return koffi().load(null).func(prototype) as unknown as F;
}

/** The C library. The first call of a thread binds all functions (about 0.5 ms). */
export function libc(): Libc {
  if (loadedLibc === undefined) {
    const library = koffi().load(null);
    loadedLibc = Object.fromEntries(
      Object.entries(PROTOTYPES).map(([name, prototype]) => [name, library.func(prototype)]),
    ) as unknown as Libc;
  }
  return loadedLibc;
}

/** errno of the last call through `libc()` or `bindC` in this thread. */
export function errno(): number {
  return koffi().errno();
}

/** The result of a C call, or a `SystemError` when it is -1. `about` says what the call was for. */
export function check(syscall: string, result: number, about?: string): number {
  if (result === -1) throw new SystemError(syscall, errno(), about);
  return result;
}
