import { NO_LENGTH, parseHeadFields } from "./head-fields.ts";

/** Values of `ResponseHead.length` that are no byte count. */
export const CHUNKED = -1;
export const UNTIL_CLOSE = -2;

export interface ResponseHead {
  readonly status: number;
  /** Bytes of body, or `CHUNKED`, or `UNTIL_CLOSE` (RFC 9112 §6.3). */
  readonly length: number;
  /** 1xx: another response follows (RFC 9110 §15.2). */
  readonly informational: boolean;
  /** `Connection: close`. */
  readonly closes: boolean;
}

const SPACE = 0x20;
const START = Buffer.from("HTTP/1.");

/** Parses `bytes[from..to)`, a whole head with its empty line; null when it is none. */
export function parseResponseHead(
  bytes: Uint8Array,
  from: number,
  to: number,
): ResponseHead | null {
  const status = parseStatus(bytes, from, to);
  const fields = status === -1 ? null : parseHeadFields(bytes, from, to);
  if (fields === null) return null;
  const informational = status < 200;
  const { close: closes } = fields;
  if (informational || status === 204 || status === 304)
    return { status, length: 0, informational, closes };
  if (fields.chunked) return { status, length: CHUNKED, informational, closes };
  const length = fields.length === NO_LENGTH ? UNTIL_CLOSE : fields.length;
  return { status, length, informational, closes };
}

/** Whether `bytes[from..to)` can become a response: tells garbage at its first byte. */
export function couldBeResponse(bytes: Uint8Array, from: number, to: number): boolean {
  const length = Math.min(START.length, to - from);
  for (let i = 0; i < length; i++) if (bytes[from + i] !== START[i]) return false;
  return true;
}

/** The status code of `HTTP/1.x NNN …`; -1 when this is no status line. */
function parseStatus(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 15 || !couldBeResponse(bytes, from, to) || bytes[from + 8] !== SPACE) return -1;
  let status = 0;
  for (let i = from + 9; i < from + 12; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status < 100 ? -1 : status;
}
