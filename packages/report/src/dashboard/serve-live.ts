import type { FastifyInstance } from "fastify";
import type { DashboardContext } from "./dashboard-context.ts";
import { STREAMS_MAX } from "./stream-hub.ts";

const RETRY_AFTER_S = 10;

/** The stream of what happens now, and the one thing a page may do about it. */
export function serveLive(
  app: FastifyInstance,
  { hub, guard, stop, look }: DashboardContext,
): void {
  app.get("/api/stream", (request, reply) => {
    if (!hub.makeRoom()) {
      return reply
        .code(503)
        .header("retry-after", String(RETRY_AFTER_S))
        .send({ error: `${STREAMS_MAX} streams are open already` });
    }
    const lastEventId = request.headers["last-event-id"];
    const headers = reply.getHeaders();
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(headers as Record<string, string>),
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
    });
    reply.raw.write("retry: 1000\n\n");
    look();
    hub.open(reply.raw, typeof lastEventId === "string" ? lastEventId : null);
    return reply;
  });
  app.get("/api/rights", (request) => ({ mayStop: stop !== null && guard.knowsToken(request) }));
  app.post("/api/live/stop", (request, reply) => {
    if (!guard.knowsToken(request) || !guard.isSameOrigin(request)) {
      return reply
        .code(403)
        .send({ error: "only a page that was opened with the token may stop a run" });
    }
    if (stop === null) return reply.code(409).send({ error: "no run of this process goes on" });
    stop();
    return reply.code(202).send({ stopping: true });
  });
}
