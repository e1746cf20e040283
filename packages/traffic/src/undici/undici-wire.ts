import type { Socket } from "node:net";
import { type CloseMode, ERRNO } from "@churnlab/core";
import { type buildConnector, Client, type Dispatcher } from "undici";
import { refusalOf } from "../http/refusal-of.ts";
import type { Dial, Wire, WireEvents } from "../load/wire.ts";
import { interpretUndiciError } from "./undici-failures.ts";

/** What all connections of one worker have in common. */
export interface UndiciWireOptions {
  readonly origin: URL;
  readonly localAddress: string | null;
  /** undici's own way to connect, shared by all clients of the worker. */
  readonly connect: buildConnector.connector;
  readonly request: Dispatcher.DispatchOptions;
  readonly close: CloseMode;
}

export function createUndiciDial(options: UndiciWireOptions): Dial {
  return (events) => new UndiciWire(options, events);
}

/**
 * One `Client` with one connection. undici connects with the first request; here its connector is called first and the client
 * is given the socket, so that connecting and requesting can be told apart.
 */
class UndiciWire implements Wire {
  readonly #options: UndiciWireOptions;
  readonly #events: WireEvents;
  #socket: Socket | null = null;
  #client: Client | null = null;
  #aborted = false;
  #requestSent = false;

  constructor(options: UndiciWireOptions, events: WireEvents) {
    this.#options = options;
    this.#events = events;
    const { protocol, hostname, host, port } = options.origin;
    // A URL writes an IPv6 address in brackets, a socket does not.
    const numeric = hostname.replace(/^\[(.*)\]$/, "$1");
    const { localAddress } = options;
    options.connect({ protocol, hostname: numeric, host, port, localAddress }, (error, socket) => {
      if (error === null) this.#opened(socket);
      else this.#failedToOpen(error);
    });
  }

  send(): void {
    this.#requestSent = false;
    let refusal = 0;
    let closes = false;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onRequestSent: () => {
        this.#requestSent = true;
      },
      onResponseStarted: () => this.#events.firstByte(),
      onResponseStart: (_controller, status, headers) => {
        refusal = refusalOf(status);
        closes = headers["connection"] === "close";
      },
      onResponseData: () => {},
      // undici is still busy with the response; what follows may destroy the client.
      onResponseEnd: () => queueMicrotask(() => this.#events.answered({ refusal, closes })),
      onResponseError: (_controller, error) => this.#failed(error),
    };
    this.#client?.dispatch(this.#options.request, handler);
  }

  sendPending(): boolean {
    return !this.#requestSent;
  }

  close(): void {
    if (this.#options.close === "rst") this.#socket?.resetAndDestroy();
    this.abort();
  }

  abort(): void {
    this.#aborted = true;
    this.#client?.destroy().catch(() => {});
    this.#socket?.destroy();
  }

  #opened(socket: Socket): void {
    this.#socket = socket;
    // undici listens too, later, and reports first why the socket closed.
    socket.once("close", () => queueMicrotask(() => this.#events.closed()));
    if (this.#aborted) {
      socket.destroy();
      return;
    }
    // The client takes no answer while it asks.
    const connect: buildConnector.connector = (_options, give) =>
      queueMicrotask(() => give(null, socket));
    const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
    this.#client = new Client(this.#options.origin, { connect, pipelining: 1, ...timeouts });
    this.#client.on("disconnect", (_origin, _targets, error) => this.#failed(error));
    this.#events.established();
  }

  #failedToOpen(error: Error): void {
    const { step, errno } = interpretUndiciError(error, {
      opening: true,
      bound: this.#options.localAddress !== null,
    });
    this.#events.failed(step, errno);
    this.#events.closed();
  }

  /** undici reports a lost connection to the request in flight, or, when there is none, as a disconnect. */
  #failed(error: Error): void {
    if (this.#aborted) return;
    const { step, errno } = interpretUndiciError(error, { opening: false });
    if (isOwnDoing(error)) return;
    if (errno === ERRNO.EOF) this.#events.ended();
    else if (errno === ERRNO.EPROTO) this.#events.garbled();
    else this.#events.failed(step, errno);
  }
}

/** undici closes an idle connection after its keep-alive time-out, and one that the server wants closed. */
function isOwnDoing(error: Error): boolean {
  return "code" in error && error.code === "UND_ERR_INFO";
}
