/** No `Content-Length` was given. */
export const NO_LENGTH = -1;

/** The fields of a head that decide how the connection goes on; all others are skipped. */
export interface HeadFields {
  /** `Content-Length`, or `NO_LENGTH`. */
  readonly length: number;
  /** `Transfer-Encoding: chunked`. */
  readonly chunked: boolean;
  /** `Connection: close`. */
  readonly close: boolean;
}

const CR = 0x0d;
const LF = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const COLON = 0x3a;
const LOWER_C = 0x63;
const LOWER_T = 0x74;
const MAX_LENGTH_DIGITS = 15;

const CONTENT_LENGTH = Buffer.from("content-length");
const CONNECTION = Buffer.from("connection");
const TRANSFER_ENCODING = Buffer.from("transfer-encoding");
const CHUNKED = Buffer.from("chunked");
const CLOSE = Buffer.from("close");

/** The index after the empty line that ends a head; -1 when it is not in `bytes[from..to)`. */
export function findHeadEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = bytes.indexOf(LF, from); i !== -1 && i < to; i = bytes.indexOf(LF, i + 1)) {
    const ends = i >= from + 3 && bytes[i - 1] === CR && bytes[i - 2] === LF && bytes[i - 3] === CR;
    if (ends) return i + 1;
  }
  return -1;
}

/**
 * Parses the field lines of the head `bytes[from..to)`, whose first line is skipped and whose last is empty; null when a line
 * is no field or a field that matters cannot be understood (RFC 9112 §5, §6).
 */
export function parseHeadFields(bytes: Uint8Array, from: number, to: number): HeadFields | null {
  let length = NO_LENGTH;
  let chunked = false;
  let close = false;
  for (let line = nextLine(bytes, from); line < to - 2; line = nextLine(bytes, line)) {
    const first = (bytes[line] as number) | 0x20;
    if (first === LOWER_C && hasName(bytes, line, CONTENT_LENGTH)) {
      const value = parseLength(bytes, line + CONTENT_LENGTH.length + 1);
      if (value === NO_LENGTH || (length !== NO_LENGTH && value !== length)) return null;
      length = value;
    } else if (first === LOWER_C && hasName(bytes, line, CONNECTION)) {
      close ||= hasValue(bytes, line + CONNECTION.length + 1, CLOSE);
    } else if (first === LOWER_T && hasName(bytes, line, TRANSFER_ENCODING)) {
      if (!hasValue(bytes, line + TRANSFER_ENCODING.length + 1, CHUNKED)) return null;
      chunked = true;
    } else if (!hasAnyName(bytes, line)) {
      return null;
    }
  }
  return { length, chunked, close };
}

function nextLine(bytes: Uint8Array, line: number): number {
  return bytes.indexOf(LF, line) + 1;
}

/** Whether the line is a field of this name, given in lower case. */
function hasName(bytes: Uint8Array, line: number, name: Uint8Array): boolean {
  return matches(bytes, line, name) && bytes[line + name.length] === COLON;
}

/** Whether the line has a colon after at least one character that is no white space. */
function hasAnyName(bytes: Uint8Array, line: number): boolean {
  if (isBlank(bytes[line])) return false;
  for (let i = line; bytes[i] !== LF; i++) if (bytes[i] === COLON) return i > line;
  return false;
}

/** Whether the field's whole value is this one, given in lower case. */
function hasValue(bytes: Uint8Array, at: number, value: Uint8Array): boolean {
  const i = skipBlank(bytes, at);
  return matches(bytes, i, value) && endsLine(bytes, i + value.length);
}

function parseLength(bytes: Uint8Array, at: number): number {
  const firstDigit = skipBlank(bytes, at);
  let value = 0;
  let i = firstDigit;
  for (; ; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const digits = i - firstDigit;
  return digits > 0 && digits <= MAX_LENGTH_DIGITS && endsLine(bytes, i) ? value : NO_LENGTH;
}

function matches(bytes: Uint8Array, at: number, lowerCase: Uint8Array): boolean {
  for (let i = 0; i < lowerCase.length; i++) {
    const byte = bytes[at + i] as number;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== lowerCase[i]) return false;
  }
  return true;
}

function skipBlank(bytes: Uint8Array, at: number): number {
  let i = at;
  while (isBlank(bytes[i])) i++;
  return i;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function endsLine(bytes: Uint8Array, at: number): boolean {
  const i = skipBlank(bytes, at);
  return bytes[i] === CR && bytes[i + 1] === LF;
}
