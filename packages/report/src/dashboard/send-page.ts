import type { FastifyReply } from "fastify";
import type { PageOrder } from "./page-order.ts";
import type { PageThread } from "./page-thread.ts";

const TYPES = {
  html: "text/html; charset=utf-8",
  json: "application/json; charset=utf-8",
  binary: "application/octet-stream",
} as const;

/** Answers with what the thread builds, compressed for who takes that: a run of many trials has long tables. */
export async function sendPage(
  reply: FastifyReply,
  pages: PageThread,
  order: PageOrder,
): Promise<FastifyReply> {
  const { request } = reply;
  const zipped = (request.headers["accept-encoding"] ?? "").includes("gzip");
  const bytes = await pages.build(order, { zipped, isWanted: () => !request.raw.destroyed });
  void reply.type(TYPES[typeOf(order)]).header("vary", "accept-encoding");
  if (zipped) void reply.header("content-encoding", "gzip");
  return reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

function typeOf({ kind }: PageOrder): keyof typeof TYPES {
  if (kind === "series-binary") return "binary";
  return kind.endsWith("-json") ? "json" : "html";
}
