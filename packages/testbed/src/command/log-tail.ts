/** How much of what a program writes is kept. */
export const LOG_TAIL_BYTES = 65_536;

/** The end of what a program wrote to its standard output and error. */
export class LogTail {
  #chunks: Buffer[] = [];
  #length = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < 2 * LOG_TAIL_BYTES) return;
    this.#chunks = [this.#tail()];
    this.#length = LOG_TAIL_BYTES;
  }

  /** At most `LOG_TAIL_BYTES`; a character that is cut at the front is left out. */
  read(): string {
    const bytes = this.#tail();
    const from = this.#length > bytes.length ? bytes.findIndex((byte) => !isContinuation(byte)) : 0;
    return bytes.toString("utf8", Math.max(0, from));
  }

  /** The last lines, for a message; empty when nothing was written. */
  lastLines(count: number): string {
    return this.read().trimEnd().split("\n").slice(-count).join("\n");
  }

  #tail(): Buffer {
    const all = Buffer.concat(this.#chunks);
    return all.subarray(Math.max(0, all.length - LOG_TAIL_BYTES));
  }
}

/** Of a character of several bytes in UTF-8: not its first. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
