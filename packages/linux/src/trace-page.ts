import { parseFields, requireField } from "./trace-format.ts";

/** How a page of the kernel's ring buffer begins (struct buffer_data_page, kernel/trace/ring_buffer.c). */
export interface TracePageFormat {
  readonly commitOffset: number;
  readonly dataOffset: number;
  /** Of the whole page. */
  readonly bytes: number;
}

/**
 * Takes one event of the page that was given: its fields are counted from `at`, and take `length` bytes or up to three
 * less. The time is of the trace's clock, exact up to 2^53 ns: 104 days after the machine started.
 */
export type TraceEventVisitor = (at: number, length: number, atNs: number) => void;

/** In the commit word: how long the data is, and whether events before this page were overwritten. */
const LENGTH_MASK = 0x7ff_ffff;
const MISSED_BIT = 31;

/** The five lowest bits of an event's first word: its length in words, or one of these (`events/header_event`). */
const TYPE = { LONG: 0, PADDING: 29, TIME_EXTEND: 30, TIME_STAMP: 31 } as const;
const TYPE_MASK = 31;
/** The other 27 bits of it are nanoseconds since the event before. */
const DELTA_SHIFT = 5;
const DELTA_LIMIT = 2 ** 27;
const WORD_BYTES = 4;

/** Reads `events/header_page`. Throws `TypeError` when it does not describe a page. */
export function parseTracePageFormat(text: string): TracePageFormat {
  const fields = parseFields(text);
  const data = requireField(fields, "data");
  return {
    commitOffset: requireField(fields, "commit").offset,
    dataOffset: data.offset,
    bytes: data.offset + data.bytes,
  };
}

/**
 * Visits the events of one page, oldest first, and returns whether events before it were overwritten unread. Whatever the
 * bytes say, nothing beyond the page is read: what makes no sense ends it.
 */
export function visitTracePage(
  view: DataView,
  { commitOffset, dataOffset, bytes }: TracePageFormat,
  visit: TraceEventVisitor,
): boolean {
  const commit = view.getUint32(commitOffset, true);
  const end = Math.min(dataOffset + (commit & LENGTH_MASK), bytes);
  let atNs = view.getUint32(0, true) + view.getUint32(WORD_BYTES, true) * 2 ** 32;
  for (let at = dataOffset; at + WORD_BYTES <= end; ) {
    const first = view.getUint32(at, true);
    const type = first & TYPE_MASK;
    const delta = first >>> DELTA_SHIFT;
    at += WORD_BYTES;
    atNs += delta;
    if (type !== TYPE.LONG && type < TYPE.PADDING) {
      const length = type * WORD_BYTES;
      if (at + length > end) break;
      visit(at, length, atNs);
      at += length;
      continue;
    }
    // The others have a second word.
    if (at + WORD_BYTES > end) break;
    const second = view.getUint32(at, true);
    at += WORD_BYTES;
    if (type === TYPE.TIME_EXTEND) atNs += second * DELTA_LIMIT;
    else if (type === TYPE.TIME_STAMP) atNs = delta + second * DELTA_LIMIT;
    else {
      // Padding without a time fills the rest; with one it is an event that was discarded. Lengths count the second word.
      const length = second - WORD_BYTES;
      if (length < 0 || at + length > end || (type === TYPE.PADDING && delta === 0)) break;
      if (type === TYPE.LONG) visit(at, length, atNs);
      at += Math.ceil(length / WORD_BYTES) * WORD_BYTES;
    }
  }
  return commit >>> MISSED_BIT === 1;
}
