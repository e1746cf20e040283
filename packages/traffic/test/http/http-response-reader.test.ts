import { ERRNO } from "@churnlab/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HttpResponseReader } from "../../src/http/http-response-reader.ts";
import { HEAD_BYTES_MAX } from "../../src/limits.ts";
import { BROKEN, PARTIAL, type Progress, WHOLE } from "../../src/response-reader.ts";

const head = (...fields: string[]): string => ["HTTP/1.1 200 OK", ...fields, "", ""].join("\r\n");

/** Whole answers, by what makes them hard. */
const wholeAnswers: readonly [string, string][] = [
  ["a length", `${head("Content-Length: 5")}hello`],
  ["a length of nothing", head("Content-Length: 0")],
  ["a length in odd letters and white space", `${head("cOnTeNt-LeNgTh:\t 5 ")}hello`],
  ["the same length twice", `${head("Content-Length: 2", "Content-Length: 2")}ok`],
  [
    "a field that only begins like one that matters",
    `${head("Content-Lengthy: 9", "Content-Length: 2")}ok`,
  ],
  ["chunks", `${head("Transfer-Encoding: chunked")}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`],
  [
    "chunks with extensions and trailers",
    `${head("Transfer-Encoding: chunked")}A;x="y"\r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\n`,
  ],
  ["chunks that hold line ends", `${head("Transfer-Encoding: chunked")}4\r\n\r\n\r\n\r\n0\r\n\r\n`],
  [
    "chunks and a length, of which chunks count",
    `${head("Content-Length: 3", "Transfer-Encoding: chunked")}1\r\nx\r\n0\r\n\r\n`,
  ],
  ["no body by its status", "HTTP/1.1 204 No Content\r\n\r\n"],
  ["no body although it names a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"],
  [
    "an answer before the answer",
    `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${head("Content-Length: 2")}ok`,
  ],
  ["no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"],
  ["an old version", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
];

const brokenAnswers: readonly [string, string][] = [
  ["another protocol", "220 mail.example ESMTP\r\n"],
  ["TLS", "\x15\x03\x01\x00\x02\x02\x16"],
  ["a status that is no number", "HTTP/1.1 2xx OK\r\n\r\n"],
  ["a field without a colon", head("what is this")],
  ["a field with an empty name", head(": value")],
  ["a folded line", head("A: b", " c")],
  ["a length that is no number", head("Content-Length: many")],
  ["a negative length", head("Content-Length: -1")],
  ["a length beyond all numbers", head(`Content-Length: ${"9".repeat(30)}`)],
  ["two different lengths", head("Content-Length: 1", "Content-Length: 2")],
  ["a coding nobody asked for", head("Transfer-Encoding: gzip")],
  ["a chunk of no size", `${head("Transfer-Encoding: chunked")}\r\n`],
  ["a chunk size in words", `${head("Transfer-Encoding: chunked")}five\r\n`],
  ["a chunk longer than it says", `${head("Transfer-Encoding: chunked")}1\r\nxx\r\n0\r\n\r\n`],
];

const tooLongAnswers: readonly [string, string][] = [
  ["more than one answer", `${head("Content-Length: 2")}ok${head("Content-Length: 2")}ok`],
  ["more than its length", `${head("Content-Length: 2")}okay`],
  ["bytes after the last chunk", `${head("Transfer-Encoding: chunked")}0\r\n\r\nmore`],
];

describe("an HTTP answer", () => {
  test.each(wholeAnswers)("with %s is whole at its last byte and not before", (_what, text) => {
    const bytes = Buffer.from(text, "latin1");
    for (let split = 1; split < bytes.length; split++) {
      expect(readInPieces(bytes, [split]), `split at ${split}`).toEqual([PARTIAL, WHOLE]);
    }
    expect(readInPieces(bytes, [])).toEqual([WHOLE]);
  });

  test.each(wholeAnswers)("with %s is whole however it is cut", (_what, text) => {
    const bytes = Buffer.from(text, "latin1");
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        expect(readInPieces(bytes, cuts).at(-1)).toBe(WHOLE);
      }),
    );
  });

  test.each(brokenAnswers)("with %s is broken, however it is cut", (_what, text) => {
    const bytes = Buffer.from(text, "latin1");
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        expect(readInPieces(bytes, cuts)).toContain(BROKEN);
      }),
    );
  });

  test.each(tooLongAnswers)("with %s is broken when all of it comes at once", (_what, text) => {
    expect(feed(new HttpResponseReader(), text)).toBe(BROKEN);
  });

  test("with more than its length that comes later is broken then", () => {
    const reader = new HttpResponseReader();
    expect(feed(reader, `${head("Content-Length: 2")}ok`)).toBe(WHOLE);
    expect(feed(reader, "more")).toBe(BROKEN);
  });

  test("without a length ends with the stream, and only then", () => {
    const reader = new HttpResponseReader();
    expect(feed(reader, head())).toBe(PARTIAL);
    expect(feed(reader, "as much as there is")).toBe(PARTIAL);
    expect(reader.end()).toBe(WHOLE);
  });

  test("with a length does not end with the stream", () => {
    const reader = new HttpResponseReader();
    expect(feed(reader, `${head("Content-Length: 3")}ab`)).toBe(PARTIAL);
    expect(reader.end()).toBe(PARTIAL);
  });

  test("whose head never ends is given up", () => {
    const reader = new HttpResponseReader();
    expect(feed(reader, "HTTP/1.1 200 OK\r\n")).toBe(PARTIAL);
    const line = `X: ${"y".repeat(1000)}\r\n`;
    let progress: Progress = PARTIAL;
    let bytes = 0;
    for (; progress === PARTIAL && bytes < 10 * HEAD_BYTES_MAX; bytes += line.length)
      progress = feed(reader, line);
    expect(progress).toBe(BROKEN);
    expect(bytes).toBeLessThan(HEAD_BYTES_MAX + 2 * line.length);
  });

  test("whose chunk header never ends is given up", () => {
    const reader = new HttpResponseReader();
    feed(reader, `${head("Transfer-Encoding: chunked")}5;`);
    expect(feed(reader, "x".repeat(HEAD_BYTES_MAX + 10))).toBe(BROKEN);
  });

  test("after another is read by the same reader", () => {
    const reader = new HttpResponseReader();
    for (const [, text] of wholeAnswers) {
      reader.reset();
      expect(feed(reader, text)).toBe(WHOLE);
    }
  });

  test("is looked for in the given part of the bytes only", () => {
    const answer = `${head("Content-Length: 2")}ok`;
    const bytes = Buffer.from(`${answer}${answer}${answer}`, "latin1");
    const reader = new HttpResponseReader();
    expect(reader.read(bytes, answer.length, 2 * answer.length)).toBe(WHOLE);
  });
});

/** What the reader says to each piece, up to the first that is not `PARTIAL`. */
function readInPieces(bytes: Buffer, cuts: readonly number[]): Progress[] {
  const reader = new HttpResponseReader();
  const edges = [...new Set([0, ...cuts, bytes.length])].toSorted((a, b) => a - b);
  const said: Progress[] = [];
  for (let i = 1; i < edges.length && (said.at(-1) ?? PARTIAL) === PARTIAL; i++) {
    said.push(reader.read(bytes, edges[i - 1] ?? 0, edges[i] ?? 0));
  }
  return said;
}

function feed(reader: HttpResponseReader, text: string): Progress {
  const bytes = Buffer.from(text, "latin1");
  return reader.read(bytes, 0, bytes.length);
}

test.each([
  [200, 0],
  [404, 0],
  [500, ERRNO.HTTP_500],
  [502, ERRNO.HTTP_502],
  [503, ERRNO.HTTP_503],
  [504, ERRNO.HTTP_504],
  [599, ERRNO.HTTP_5XX],
])("an answer of status %i is whole and refuses with %i", (status, refusal) => {
  const reader = new HttpResponseReader();
  const bytes = Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: 2\r\n\r\nok`);
  expect(reader.read(bytes, 0, bytes.length)).toBe(WHOLE);
  expect(reader.refusal).toBe(refusal);
  reader.reset();
  expect(reader.refusal).toBe(0);
});
