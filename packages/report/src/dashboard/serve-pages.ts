import { gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply } from "fastify";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { buildTrend, type TrendChoice } from "../build-trend.ts";
import { encodeSeries } from "../charts/encode-series.ts";
import { loadTrialSeries } from "../charts/load-trial-series.ts";
import { compareRun } from "../compare-run.ts";
import { type AssetName, readAsset } from "../html/page-assets.ts";
import { loadReportData } from "../html/report-data.ts";
import { renderReportBody, titleOf } from "../html/report-page.ts";
import { RUN_PARAMS, RUN_REFERENCE, TREND_QUERY } from "./api-schemas.ts";
import type { DashboardContext } from "./dashboard-context.ts";
import { ComparePage } from "./pages/compare-page.ts";
import { HistoryPage } from "./pages/history-page.ts";
import { renderPage } from "./pages/layout.ts";
import { LivePage } from "./pages/live-page.ts";
import { TrendPage } from "./pages/trend-page.ts";

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
  const { source, hub, look } = context;
  app.get("/", (_, reply) => {
    const runs = source.read((store) => store.listRuns());
    const body = render(h(HistoryPage, { runs, path: source.path }));
    return sendHtml(
      reply,
      renderPage({ title: "Runs · churnlab", at: "history", body, script: "dashboard.js" }),
    );
  });
  app.get<{ Querystring: TrendChoice }>(
    "/trend",
    { schema: { querystring: TREND_QUERY } },
    ({ query }, reply) => {
      const trend = source.read((store) => buildTrend(store, query));
      const body = render(h(TrendPage, { trend }));
      const title = trend === null ? "Trend" : `${trend.history.scenario} · trend`;
      return sendHtml(
        reply,
        renderPage({ title: `${title} · churnlab`, at: "trend", body, script: "dashboard.js" }),
      );
    },
  );
  app.get("/live", (_, reply) => {
    look();
    const { state } = hub;
    const name = state.head.plan?.scenario;
    return sendHtml(
      reply,
      renderPage({
        title: name === undefined ? "Live · churnlab" : `● ${name} · live · churnlab`,
        at: "live",
        body: render(h(LivePage, { state })),
        script: "dashboard.js",
        data: { snapshot: state.snapshot() },
      }),
    );
  });
}

function serveRuns(app: FastifyInstance, { source }: DashboardContext): void {
  app.get<{ Params: RunParams }>(
    "/runs/:run",
    { schema: { params: RUN_PARAMS } },
    ({ params }, reply) => {
      const { data, runs } = source.read((store) => ({
        data: loadReportData(store, store.findRun(params.run)),
        runs: store.listRuns().map((run) => run.runId),
      }));
      const { runId, state } = data.run;
      const place = runs.indexOf(runId);
      const series = `<script type="application/octet-stream" id="series" data-source="/api/runs/${runId}/series.bin"></script>`;
      const title = titleOf(data);
      const body = `${renderReportBody(data)}\n${series}`;
      return sendHtml(
        reply,
        renderPage({
          title,
          at: "none",
          body,
          script: "report.js",
          neighbours: { before: runs[place - 1], after: runs[place + 1] },
          data: { run: { runId, state } },
        }),
      );
    },
  );
  app.get<{ Params: RunParams }>(
    "/api/runs/:run/series.bin",
    { schema: { params: RUN_PARAMS } },
    ({ params }, reply) => {
      const bytes = source.read((store) => {
        const run = store.loadRun(store.findRun(params.run));
        return encodeSeries(loadTrialSeries(store, run).trials);
      });
      return reply
        .type("application/octet-stream")
        .header("content-encoding", "gzip")
        .send(gzipSync(bytes));
    },
  );
  app.get<{ Querystring: { a: string; b: string } }>(
    "/compare",
    { schema: { querystring: COMPARE_QUERY } },
    ({ query }, reply) => {
      const comparison = source.read((store) => {
        const against = store.loadRun(store.findRun(query.a));
        return compareRun(store, store.findRun(query.b), { against });
      });
      const title = `${comparison.run.runId} against ${comparison.baselineRun.runId} · churnlab`;
      const body = render(h(ComparePage, { comparison }));
      return sendHtml(reply, renderPage({ title, at: "none", body, script: "dashboard.js" }));
    },
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

/** Pages are compressed: a run of many trials has long tables. */
function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  void reply.type("text/html; charset=utf-8").header("vary", "accept-encoding");
  if (!(reply.request.headers["accept-encoding"] ?? "").includes("gzip")) return reply.send(html);
  return reply.header("content-encoding", "gzip").send(gzipSync(html));
}
