import { ChurnError, ERROR_CODES, type ErrorCode } from "@churnlab/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { renderPage } from "./pages/layout.ts";

interface ExplainedError {
  readonly status: number;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Answers what went wrong as a page to people and as JSON to programs. */
export function explainErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: Error, request, reply) => sendError(explain(error), request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendError({ status: 404, message: "there is nothing at this address" }, request, reply),
  );
}

/** Bugs say that they are bugs, and nothing of what they met. */
function explain(error: Error): ExplainedError {
  if (error instanceof ChurnError) {
    return { status: statusOf(error.code), message: error.message, hint: error.hint };
  }
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== undefined && (statusCode < 500 || statusCode === 503))
    return { status: statusCode, message: error.message };
  return { status: 500, message: "this is a bug in churnlab" };
}

function statusOf(code: ErrorCode): number {
  if (code === "E_RUN_UNKNOWN") return 404;
  const { exit } = ERROR_CODES[code];
  return exit === 5 ? 422 : exit === 2 ? 400 : 500;
}

function sendError(
  { status, message, hint }: ExplainedError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  void reply.code(status);
  if (!(request.headers.accept ?? "").includes("text/html")) {
    return reply.send({ error: message, ...(hint === undefined ? {} : { hint }) });
  }
  const body = render(
    h(
      "main",
      { class: "page history" },
      h("h1", null, `${status}: ${message}`),
      hint === undefined ? null : h("p", { class: "lead" }, hint),
    ),
  );
  const page = renderPage({
    title: `${status} · churnlab`,
    at: "none",
    body,
    script: "dashboard.js",
  });
  return reply.type("text/html; charset=utf-8").send(page);
}
