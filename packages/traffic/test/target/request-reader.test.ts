import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeRequests } from "../../src/requests.ts";
import { createRequestReader } from "../../src/target/request-reader.ts";
import { aWorkload } from "../fixtures/a-workload.ts";

const address = { host: "2001:2::1", port: 80, path: "/x", tls: false };

const workloads = [
  aWorkload({ closer: "server" }),
  aWorkload({ closer: "server", requestBytes: 100 }),
  aWorkload({ closer: "server", protocol: "raw", requestBytes: 1 }),
  aWorkload({ closer: "server", protocol: "raw", requestBytes: 50 }),
];

describe.each(workloads)("$protocol requests of $requestBytes bytes", (workload) => {
  test("are found one by one with their marks, however the stream is cut", () => {
    const { plain, last } = encodeRequests(workload, address);
    const stream = Buffer.concat([plain, plain, last]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const marks: boolean[] = [];
        const reader = createRequestReader(workload, (isLast) => marks.push(isLast));
        const edges = [...new Set([0, ...cuts, stream.length])].toSorted((a, b) => a - b);
        for (let i = 1; i < edges.length; i++) {
          expect(reader.read(stream, edges[i - 1] ?? 0, edges[i] ?? 0)).toBe(true);
        }
        expect(marks).toEqual([false, false, true]);
      }),
    );
  });
});

test("a client that closes first marks no request", () => {
  const { plain, last } = encodeRequests(aWorkload({ closer: "client" }), address);
  expect(last.equals(plain)).toBe(true);
  expect(plain.toString()).not.toMatch(/connection/i);
});

test("an HTTP request names an IPv6 host in brackets", () => {
  const { plain } = encodeRequests(aWorkload(), address);
  expect(plain.toString()).toBe("GET /x HTTP/1.1\r\nHost: [2001:2::1]:80\r\n\r\n");
});

test.each([
  "GET / HTTP/1.1\r\nno colon\r\n\r\n",
  "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
])("%j is no request", (text) => {
  const reader = createRequestReader(aWorkload(), () => {});
  expect(reader.read(Buffer.from(text), 0, text.length)).toBe(false);
});
