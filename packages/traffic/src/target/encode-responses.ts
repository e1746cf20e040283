import type { Workload } from "@churnlab/core";

export interface EncodedResponses {
  readonly plain: Buffer;
  /** The answer after which the server closes. */
  readonly last: Buffer;
}

/** The bytes of an answer: `responseBytes` times `x`, in HTTP behind a head. */
export function encodeResponses(workload: Workload): EncodedResponses {
  const body = Buffer.alloc(workload.responseBytes, "x");
  if (workload.protocol === "raw") return { plain: body, last: body };
  const head = ["HTTP/1.1 200 OK", `Content-Length: ${body.length}`];
  return {
    plain: Buffer.concat([encodeHead(head), body]),
    last: Buffer.concat([encodeHead([...head, "Connection: close"]), body]),
  };
}

function encodeHead(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
