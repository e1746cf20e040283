import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply } from "fastify";
import { h } from "preact";
import { render } from "preact-render-to-string";
import type { TrendChoice } from "../build-trend.ts";
import { type AssetName, readAsset } from "../html/page-assets.ts";
import { RUN_PARAMS, RUN_REFERENCE, TREND_QUERY } from "./api-schemas.ts";
import type { DashboardContext } from "./dashboard-context.ts";
import { renderPage } from "./pages/layout.ts";
import { LivePage } from "./pages/live-page.ts";
import { sendPage } from "./send-page.ts";

interface RunParams {
  readonly run: string;
}

const COMPARE_QUERY = {
  type: "object",
  properties: { a: RUN_REFERENCE, b: RUN_REFERENCE },
  required: ["a", "b"],
} as const;

const ASSET_TYPES: Readonly<Record<AssetName, string>> = {
  "report.js": "text/javascript; charset=utf-8",
  "dashboard.js": "text/javascript; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
};

/** The pages, and the files they are made of: fixed names, read once; no path of a request reaches the file system. */
export function servePages(app: FastifyInstance, context: DashboardContext): void {
  serveAssets(app);
  serveRuns(app, context);
  const { pages, hub, look } = context;
  app.get("/", (_, reply) => sendPage(reply, pages, { kind: "history" }));
  app.get<{ Querystring: TrendChoice }>(
    "/trend",
    { schema: { querystring: TREND_QUERY } },
    ({ query }, reply) => sendPage(reply, pages, { kind: "trend", choice: query }),
  );
  app.get("/live", (_, reply) => {
    look();
    const { state } = hub;
    const name = state.head.plan?.scenario;
    const page = renderPage({
      title: name === undefined ? "Live · churnlab" : `● ${name} · live · churnlab`,
      at: "live",
      body: render(h(LivePage, { state })),
      script: "dashboard.js",
      data: { snapshot: state.snapshot() },
    });
    return sendHtml(reply, page);
  });
}

function serveRuns(app: FastifyInstance, { pages }: DashboardContext): void {
  app.get<{ Params: RunParams }>(
    "/runs/:run",
    { schema: { params: RUN_PARAMS } },
    ({ params }, reply) => sendPage(reply, pages, { kind: "report", run: params.run }),
  );
  app.get<{ Params: RunParams }>(
    "/api/runs/:run/series.bin",
    { schema: { params: RUN_PARAMS } },
    ({ params }, reply) => sendPage(reply, pages, { kind: "series-binary", run: params.run }),
  );
  app.get<{ Querystring: { a: string; b: string } }>(
    "/compare",
    { schema: { querystring: COMPARE_QUERY } },
    ({ query }, reply) => sendPage(reply, pages, { kind: "compare", a: query.a, b: query.b }),
  );
}

function serveAssets(app: FastifyInstance): void {
  for (const [name, type] of Object.entries(ASSET_TYPES)) {
    const text = readAsset(name as AssetName);
    const zipped = gzipSync(text);
    app.get(`/assets/${name}`, (request, reply) => {
      void reply.type(type).header("vary", "accept-encoding");
      if (!(request.headers["accept-encoding"] ?? "").includes("gzip")) return reply.send(text);
      return reply.header("content-encoding", "gzip").send(zipped);
    });
  }
}

/** Compressed away from this thread, which may sample a run. */
async function sendHtml(reply: FastifyReply, html: string): Promise<FastifyReply> {
  void reply.type("text/html; charset=utf-8").header("vary", "accept-encoding");
  if (!(reply.request.headers["accept-encoding"] ?? "").includes("gzip")) return reply.send(html);
  const zipped = await promisify(gzip)(html);
  return reply.header("content-encoding", "gzip").send(zipped);
}
