import { bindC } from "../libc.ts";

/**
 * System calls of the hot path. Memory is passed as an address, a plain number: converting a buffer to a pointer costs as
 * much as a small system call. All return -1 and set errno on failure.
 */
export interface SocketCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: number, length: number): number;
  connect(fd: number, address: number, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: number, length: number, flags: number): number;
  send(fd: number, address: number, length: number, flags: number): number;
  recv(fd: number, address: number, length: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  setsockopt(fd: number, level: number, name: number, value: number, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: number, length: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: number): number;
  epoll_wait(epoll: number, events: number, count: number, timeoutMs: number): number;
}

const PROTOTYPES: Readonly<Record<keyof SocketCalls, string>> = {
  socket: "int socket(int domain, int type, int protocol)",
  bind: "int bind(int fd, uintptr_t address, uint32_t length)",
  connect: "int connect(int fd, uintptr_t address, uint32_t length)",
  listen: "int listen(int fd, int backlog)",
  accept4: "int accept4(int fd, uintptr_t address, uintptr_t length, int flags)",
  send: "int64_t send(int fd, uintptr_t address, size_t length, int flags)",
  recv: "int64_t recv(int fd, uintptr_t address, size_t length, int flags)",
  shutdown: "int shutdown(int fd, int how)",
  close: "int close(int fd)",
  setsockopt: "int setsockopt(int fd, int level, int name, uintptr_t value, uint32_t length)",
  getsockopt: "int getsockopt(int fd, int level, int name, uintptr_t value, uintptr_t length)",
  epoll_create1: "int epoll_create1(int flags)",
  epoll_ctl: "int epoll_ctl(int epoll, int operation, int fd, uintptr_t event)",
  epoll_wait: "int epoll_wait(int epoll, uintptr_t events, int count, int timeoutMs)",
};

let bound: SocketCalls | undefined;

/** The calls, bound on first use in a thread. */
export function socketCalls(): SocketCalls {
  bound ??= Object.fromEntries(
    Object.entries(PROTOTYPES).map(([name, prototype]) => [name, bindC(prototype)]),
  ) as unknown as SocketCalls;
  return bound;
}
