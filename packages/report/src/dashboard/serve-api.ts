import type { FastifyInstance } from "fastify";
import type { TrendChoice } from "../build-trend.ts";
import {
  COMPARISON_QUERY,
  EVENT_LIST,
  EVENTS_QUERY,
  HEALTH,
  LIVE_SNAPSHOT,
  RESULT_DOCUMENT,
  RUN_LIST,
  RUN_PARAMS,
  SERIES_LIST,
  SERIES_QUERY,
  TREND,
  TREND_QUERY,
} from "./api-schemas.ts";
import type { DashboardContext } from "./dashboard-context.ts";
import { formatMetrics } from "./format-metrics.ts";
import { sendPage } from "./send-page.ts";

interface RunParams {
  readonly run: string;
}

/** What can be asked for as JSON, each with what it takes and gives. */
const ROUTES = [
  { path: "/api/runs", summary: "All runs, oldest first.", query: null, gives: RUN_LIST },
  {
    path: "/api/runs/:run",
    summary: "A run: trials, measurements, gates.",
    query: null,
    gives: RESULT_DOCUMENT,
  },
  {
    path: "/api/runs/:run/comparison",
    summary: "Its variants against their baseline, or against another run.",
    query: COMPARISON_QUERY,
    gives: RESULT_DOCUMENT,
  },
  {
    path: "/api/runs/:run/series",
    summary: "Samples over time, binned where there are many.",
    query: SERIES_QUERY,
    gives: SERIES_LIST,
  },
  {
    path: "/api/runs/:run/events",
    summary: "Events, the first of each kind.",
    query: EVENTS_QUERY,
    gives: EVENT_LIST,
  },
  {
    path: "/api/trend",
    summary: "One metric of a variant over the runs of its scenario, and where its level changed.",
    query: TREND_QUERY,
    gives: TREND,
  },
  {
    path: "/api/live",
    summary: "The run that is watched, as it is now.",
    query: null,
    gives: LIVE_SNAPSHOT,
  },
  { path: "/healthz", summary: "Whether the database can be read.", query: null, gives: HEALTH },
] as const;

export function serveApi(
  app: FastifyInstance,
  { source, pages, hub, guard, version, ask }: DashboardContext,
): void {
  app.get("/api", () => ({
    churnlab: version,
    stream: "/api/stream is a stream of server-sent events; it takes Last-Event-ID",
    routes: ROUTES.map(({ path, summary, query, gives }) => ({ path, summary, query, gives })),
  }));
  app.get("/api/runs", (_, reply) => sendPage(reply, pages, { kind: "runs-json" }));
  app.get<{ Params: RunParams }>(
    "/api/runs/:run",
    { schema: { params: RUN_PARAMS } },
    ({ params }, reply) => sendPage(reply, pages, { kind: "run-json", run: params.run }),
  );
  app.get<{ Params: RunParams; Querystring: { against?: string } }>(
    "/api/runs/:run/comparison",
    { schema: { params: RUN_PARAMS, querystring: COMPARISON_QUERY } },
    ({ params, query }, reply) =>
      sendPage(reply, pages, { kind: "comparison-json", ...params, ...query }),
  );
  serveSamples(app, pages);
  app.get<{ Querystring: TrendChoice }>(
    "/api/trend",
    { schema: { querystring: TREND_QUERY } },
    ({ query }, reply) => sendPage(reply, pages, { kind: "trend-json", choice: query }),
  );
  app.get("/api/live", async () => {
    await ask();
    return hub.state.snapshot();
  });
  app.get("/healthz", (request, reply) => {
    // A supervisor has no token, and needs no path and no error of a host that is not its own.
    const tell = (database: string): { readonly database?: string } =>
      guard.mayRead(request) ? { database } : {};
    try {
      source.read((store) => store.listRuns());
      return { status: "ok", ...tell(source.path) };
    } catch (error) {
      return reply.code(503).send({ status: "failing", ...tell((error as Error).message) });
    }
  });
  app.get("/metrics", async (_, reply) => {
    await ask();
    const runs = source.read((store) => store.listRuns());
    const text = formatMetrics({ version, runs, live: hub.state, streams: hub.size });
    return reply.type("application/openmetrics-text; version=1.0.0; charset=utf-8").send(text);
  });
}

function serveSamples(app: FastifyInstance, pages: DashboardContext["pages"]): void {
  app.get<{ Params: RunParams; Querystring: { trial?: number } }>(
    "/api/runs/:run/series",
    { schema: { params: RUN_PARAMS, querystring: SERIES_QUERY } },
    ({ params, query }, reply) =>
      sendPage(reply, pages, { kind: "series-json", ...params, ...query }),
  );
  app.get<{ Params: RunParams; Querystring: { trial?: number; perKind: number } }>(
    "/api/runs/:run/events",
    { schema: { params: RUN_PARAMS, querystring: EVENTS_QUERY } },
    ({ params, query }, reply) =>
      sendPage(reply, pages, { kind: "events-json", ...params, ...query }),
  );
}
