/** Values of `ResponseHead.length` that are no byte count. */
export const CHUNKED = -1;
export const UNTIL_CLOSE = -2;

/** What a head that breaks RFC 9112 parses to. */
export const UNPARSABLE = null;

export interface ResponseHead {
  /** Bytes of body, or `CHUNKED`, or `UNTIL_CLOSE`. */
  readonly length: number;
  /** 1xx: another response follows (RFC 9110 §15.2). */
  readonly informational: boolean;
}

const LF = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const MAX_LENGTH_DIGITS = 15;

const START = Buffer.from("HTTP/1.");
const CONTENT_LENGTH = Buffer.from("content-length");
const TRANSFER_ENCODING = Buffer.from("transfer-encoding");
const CHUNKED_NAME = Buffer.from("chunked");

/** Parses `bytes[from..to)`, a whole head with its empty line. Reads only what decides where the body ends. */
export function parseResponseHead(
  bytes: Uint8Array,
  from: number,
  to: number,
): ResponseHead | null {
  const status = parseStatus(bytes, from, to);
  if (status === -1) return UNPARSABLE;
  let length: number = UNTIL_CLOSE;
  let line = bytes.indexOf(LF, from) + 1;
  while (line < to - 2) {
    const first = (bytes[line] as number) | 0x20;
    if (first === 0x63 && startsWith(bytes, line, CONTENT_LENGTH)) {
      const value = parseLength(bytes, line + CONTENT_LENGTH.length + 1);
      if (value === -1 || (length >= 0 && value !== length)) return UNPARSABLE;
      if (length !== CHUNKED) length = value;
    } else if (first === 0x74 && startsWith(bytes, line, TRANSFER_ENCODING)) {
      if (!endsChunked(bytes, line + TRANSFER_ENCODING.length + 1)) return UNPARSABLE;
      length = CHUNKED;
    } else if (first === SPACE || !hasColon(bytes, line)) {
      return UNPARSABLE;
    }
    line = bytes.indexOf(LF, line) + 1;
  }
  const informational = status < 200;
  if (status === 204 || status === 304) length = 0;
  return { length, informational };
}

/** The status code of `HTTP/1.x NNN …`, -1 when this is no status line. */
function parseStatus(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 15) return -1;
  for (let i = 0; i < START.length; i++) if (bytes[from + i] !== START[i]) return -1;
  if (bytes[from + 8] !== SPACE) return -1;
  let status = 0;
  for (let i = from + 9; i < from + 12; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status < 100 ? -1 : status;
}

/** Whether a header of this (lower-case) name begins at `at`. */
function startsWith(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[at + i] as number;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== name[i]) return false;
  }
  return bytes[at + name.length] === COLON;
}

function hasColon(bytes: Uint8Array, line: number): boolean {
  for (let i = line; bytes[i] !== LF; i++) if (bytes[i] === COLON) return i > line;
  return false;
}

/** A decimal number between optional white space; -1 when it is anything else. */
function parseLength(bytes: Uint8Array, at: number): number {
  let i = skipBlank(bytes, at);
  const firstDigit = i;
  let value = 0;
  for (let digit = (bytes[i] as number) - 0x30; digit >= 0 && digit <= 9; ) {
    value = value * 10 + digit;
    i++;
    digit = (bytes[i] as number) - 0x30;
  }
  const digits = i - firstDigit;
  if (digits === 0 || digits > MAX_LENGTH_DIGITS) return -1;
  return isLineEnd(bytes, i) ? value : -1;
}

/** Only a coding that ends in `chunked` tells where the body ends (RFC 9112 §6.3); no other is taken. */
function endsChunked(bytes: Uint8Array, at: number): boolean {
  const i = skipBlank(bytes, at);
  for (let k = 0; k < CHUNKED_NAME.length; k++) {
    if (((bytes[i + k] as number) | 0x20) !== CHUNKED_NAME[k]) return false;
  }
  return isLineEnd(bytes, i + CHUNKED_NAME.length);
}

function skipBlank(bytes: Uint8Array, at: number): number {
  let i = at;
  while (bytes[i] === SPACE || bytes[i] === 0x09) i++;
  return i;
}

function isLineEnd(bytes: Uint8Array, at: number): boolean {
  const i = skipBlank(bytes, at);
  return bytes[i] === 0x0d && bytes[i + 1] === LF;
}
