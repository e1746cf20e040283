import { nameEnd, seedUniform, type TargetAddress, type Workload } from "@churnlab/core";

/** First byte of a raw request after whose answer the server closes. All other bytes are `x`. */
export const RAW_LAST = 0x21;

export interface EncodedRequests {
  readonly plain: Buffer;
  /** The last request of its connection: differs from `plain` only where the server has to close. */
  readonly last: Buffer;
}

/**
 * The bytes of a request. HTTP: a GET, or a POST with a body when `requestBytes` is not 0; the last one of a connection that
 * the server closes says `Connection: close`. Raw: `requestBytes` bytes; the first of such a last one is `RAW_LAST`.
 */
export function encodeRequests(workload: Workload, target: TargetAddress): EncodedRequests {
  const encode = workload.protocol === "raw" ? encodeRaw : encodeHttp;
  const plain = encode(workload, target, false);
  return { plain, last: workload.closer === "server" ? encode(workload, target, true) : plain };
}

function encodeRaw({ requestBytes }: Workload, _target: TargetAddress, last: boolean): Buffer {
  const bytes = Buffer.alloc(requestBytes, "x");
  if (last && requestBytes > 0) bytes[0] = RAW_LAST;
  return bytes;
}

function encodeHttp({ requestBytes }: Workload, target: TargetAddress, last: boolean): Buffer {
  const lines = [
    `${requestBytes > 0 ? "POST" : "GET"} ${target.path} HTTP/1.1`,
    `Host: ${target.authority ?? nameEnd(target.host, target.port)}`,
    ...(requestBytes > 0 ? [`Content-Length: ${requestBytes}`] : []),
    ...(last ? ["Connection: close"] : []),
  ];
  const body = "x".repeat(requestBytes);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1");
}

/** How many requests each connection of a worker carries; Infinity when unlimited. The sequence depends on the seed alone. */
export function drawRequests(workload: Workload, seed: number): () => number {
  const count = workload.requestsPerConnection;
  if (count === "unlimited") return () => Number.POSITIVE_INFINITY;
  if (typeof count === "number") return () => count;
  const uniform = seedUniform(seed);
  return () => count.from + Math.floor(uniform() * (count.to - count.from + 1));
}
