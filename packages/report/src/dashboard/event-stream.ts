import type { Writable } from "node:stream";

/** What a reader may be behind before it is left out: the next thing it gets is a snapshot. */
const BACKLOG_BYTES_MAX = 256 * 1024;
/** A reader that takes nothing for this long has gone, whatever its socket says. */
const STALLED_MS_MAX = 30_000;

/** What an event stream needs of a response; `http.ServerResponse` has it, and so has a socket. */
export type StreamResponse = Pick<
  Writable,
  "write" | "end" | "destroy" | "once" | "writableLength" | "destroyed"
>;

/** An event of the stream (HTML standard, server-sent events). Its text is made once for all readers, and not without any. */
export class StreamEvent {
  readonly id: string;
  readonly #type: string;
  readonly #data: unknown;
  #text: string | null = null;

  constructor(id: string, type: string, data: unknown) {
    this.id = id;
    this.#type = type;
    this.#data = data;
  }

  get text(): string {
    this.#text ??= `id: ${this.id}\nevent: ${this.#type}\ndata: ${JSON.stringify(this.#data)}\n\n`;
    return this.#text;
  }
}

/**
 * One reader of server-sent events. Nobody waits for it: while it is too far behind it is sent nothing, and once it has
 * caught up it gets a snapshot in place of what it missed.
 */
export class EventStream {
  readonly #response: StreamResponse;
  readonly #snapshot: () => StreamEvent;
  #isBehind = false;
  #behindSinceMs = 0;
  #tookAllAtMs: number;
  readonly #openedAtMs: number;
  readonly #nowMs: () => number;

  constructor(
    response: StreamResponse,
    snapshot: () => StreamEvent,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#response = response;
    this.#snapshot = snapshot;
    this.#nowMs = nowMs;
    this.#openedAtMs = nowMs();
    this.#tookAllAtMs = this.#openedAtMs;
  }

  get isOpen(): boolean {
    return !this.#response.destroyed;
  }

  /** For how long it has been open. */
  get ageMs(): number {
    return this.#nowMs() - this.#openedAtMs;
  }

  /** For how long something has waited for this reader to take it; 0 where nothing waits. */
  get stalledMs(): number {
    return this.#response.writableLength === 0 ? 0 : this.#nowMs() - this.#tookAllAtMs;
  }

  send(event: StreamEvent): void {
    if (!this.isOpen) return;
    this.#noteTaken();
    if (this.#response.writableLength > BACKLOG_BYTES_MAX) {
      this.#fallBehind();
      return;
    }
    if (this.#isBehind) {
      this.#isBehind = false;
      this.#response.write(this.#snapshot().text);
      return;
    }
    this.#response.write(event.text);
  }

  /** A comment, so that proxies and sockets know that the stream is alive. */
  beat(): void {
    this.#noteTaken();
    if (this.isOpen && !this.#isBehind) this.#response.write(": alive\n\n");
    if (this.#isBehind) this.#fallBehind();
  }

  /** Ends it with what waits for its reader. */
  cut(): void {
    this.#response.destroy();
  }

  end(): void {
    this.#response.end();
  }

  #noteTaken(): void {
    if (this.#response.writableLength === 0) this.#tookAllAtMs = this.#nowMs();
  }

  #fallBehind(): void {
    const nowMs = this.#nowMs();
    if (!this.#isBehind) {
      this.#isBehind = true;
      this.#behindSinceMs = nowMs;
    } else if (nowMs - this.#behindSinceMs > STALLED_MS_MAX) {
      this.#response.destroy();
    }
  }
}
