import { connect, type Socket } from "node:net";
import { LIVE_MESSAGE_TYPES, type LiveMessage } from "../live/live-message.ts";
import { liveSocketPath } from "./live-socket-path.ts";

/** More than this in one message is no message. */
const MESSAGE_CHARS_MAX = 32 * 1024 * 1024;

export interface LiveRunReaderOptions {
  readonly databaseFile: string;
  readonly runId: string;
  readonly onMessage: (message: LiveMessage) => void;
  /** Told once, when nothing more will come: the run ended, was killed, left this reader out, or was never there. */
  readonly onClose: () => void;
}

/** Reads what a run of another process tells through the socket beside its database, a snapshot first. */
export class LiveRunReader implements Disposable {
  readonly #options: LiveRunReaderOptions;
  readonly #socket: Socket | null;
  #text = "";
  #isOpen = true;

  constructor(options: LiveRunReaderOptions) {
    this.#options = options;
    const file = liveSocketPath(options.databaseFile, options.runId);
    this.#socket = file === null ? null : connect(file);
    this.#socket?.unref().setEncoding("utf8");
    this.#socket?.on("data", (text: string) => this.#read(text));
    this.#socket?.on("error", () => this.#close());
    this.#socket?.on("close", () => this.#close());
    if (this.#socket === null) this.#isOpen = false;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Reads no more, and tells nobody. */
  [Symbol.dispose](): void {
    this.#isOpen = false;
    this.#socket?.destroy();
  }

  #read(text: string): void {
    const blocks = (this.#text + text).split("\n\n");
    this.#text = blocks.pop() ?? "";
    if (this.#text.length > MESSAGE_CHARS_MAX) return this.#close();
    try {
      for (const block of blocks) {
        const message = readMessage(block);
        if (message !== null && this.#isOpen) this.#options.onMessage(message);
      }
    } catch {
      // Whoever is at the other end, it is no run of this churnlab.
      this.#close();
    }
  }

  #close(): void {
    this.#socket?.destroy();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.onClose();
  }
}

/** The message of a block of the stream; null for one without, such as a beat. Throws when it is not one. */
function readMessage(block: string): LiveMessage | null {
  const line = block.split("\n").find((one) => one.startsWith("data: "));
  if (line === undefined) return null;
  const message = JSON.parse(line.slice("data: ".length)) as LiveMessage;
  if (!LIVE_MESSAGE_TYPES.includes(message.type)) throw new TypeError("not a message of a run");
  return message;
}
