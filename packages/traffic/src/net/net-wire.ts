import net from "node:net";
import { type CloseMode, type ConnectionStep, numberErrno } from "@churnlab/core";
import type { Dial, Wire, WireEvents } from "../load/wire.ts";
import type { EncodedRequests } from "../requests.ts";
import { BROKEN, type ResponseReader, WHOLE } from "../response-reader.ts";

export interface LocalEnd {
  readonly localAddress: string;
  readonly localPort?: number;
}

/** What all connections of one worker have in common. */
export interface NetWireOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** What each connection binds before it connects; null binds nothing. */
  readonly local: (() => LocalEnd) | null;
  readonly requests: EncodedRequests;
  readonly close: CloseMode;
  readonly createReader: () => ResponseReader;
}

const INBOX_BYTES = 65_536;

const STEP_OF_SYSCALL: Readonly<Record<string, ConnectionStep>> = {
  bind: "bind",
  connect: "connect",
  write: "send",
  read: "receive",
  shutdown: "close",
};

/** Connections over `node:net`: numeric addresses, so no DNS; nothing is bound unless `local` says what. */
export function createNetDial(options: NetWireOptions): Dial {
  // libuv reads into it and calls back at once, so all sockets of the thread can share it.
  const inbox = Buffer.allocUnsafeSlow(INBOX_BYTES);
  return (events) => new NetWire(options, events, inbox);
}

class NetWire implements Wire {
  readonly #socket: net.Socket;
  readonly #events: WireEvents;
  readonly #options: NetWireOptions;
  readonly #reader: ResponseReader;
  #awaitsFirstByte = false;

  constructor(options: NetWireOptions, events: WireEvents, inbox: Buffer) {
    this.#options = options;
    this.#events = events;
    this.#reader = options.createReader();
    const socket = net.connect({
      ...options.target,
      ...options.local?.(),
      allowHalfOpen: true,
      onread: {
        buffer: inbox,
        callback: (count, buffer) => this.#read(buffer, count),
      },
    });
    this.#socket = socket;
    socket.once("connect", () => events.established());
    socket.once("end", () => this.#end());
    socket.once("error", (error: NodeJS.ErrnoException) => {
      events.failed(this.#stepOf(error), numberErrno(error.code));
    });
    socket.once("close", () => events.closed());
  }

  send(last: boolean): void {
    this.#reader.reset();
    this.#awaitsFirstByte = true;
    this.#socket.write(last ? this.#options.requests.last : this.#options.requests.plain);
  }

  sendPending(): boolean {
    return this.#socket.writableLength > 0;
  }

  close(): void {
    switch (this.#options.close) {
      case "fin":
        this.#socket.destroy();
        return;
      case "rst":
        this.#socket.resetAndDestroy();
        return;
      case "half":
        this.#socket.end();
    }
  }

  abort(): void {
    this.#socket.destroy();
  }

  #stepOf({ syscall = "", code }: NodeJS.ErrnoException): ConnectionStep {
    // libuv keeps a bind that found its address in use to itself until connect.
    if (code === "EADDRINUSE" && this.#options.local !== null) return "bind";
    return STEP_OF_SYSCALL[syscall] ?? "receive";
  }

  #read(buffer: Uint8Array, count: number): boolean {
    if (this.#awaitsFirstByte) {
      this.#awaitsFirstByte = false;
      this.#events.firstByte();
    }
    const progress = this.#reader.read(buffer, 0, count);
    if (progress === WHOLE) this.#events.answered(this.#reader);
    else if (progress === BROKEN) this.#events.garbled();
    return true;
  }

  #end(): void {
    if (this.#reader.end() === WHOLE) this.#events.answered(this.#reader);
    this.#events.ended();
  }
}
