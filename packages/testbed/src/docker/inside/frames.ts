import type { Readable, Writable } from "node:stream";
import { deserialize, serialize } from "node:v8";

const LENGTH_BYTES = 4;

/** Writes one message: its length, and the value as Node's structured clone, which keeps typed arrays as they are. */
export function writeFrame(stream: Writable, value: unknown): void {
  const body = serialize(value);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(body.length);
  stream.write(Buffer.concat([length, body]));
}

/** The messages that arrive, until the stream ends; one that is cut off by the end is left out. */
export async function* readFrames(stream: Readable): AsyncGenerator {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + held.readUInt32LE();
      if (held.length < end) break;
      yield deserialize(held.subarray(LENGTH_BYTES, end));
      held = held.subarray(end);
    }
  }
}
