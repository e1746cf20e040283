import type { FastifyInstance } from "fastify";
import type { DashboardContext } from "./dashboard-context.ts";
import type { DashboardOptions } from "./dashboard-options.ts";
import { explainErrors } from "./explain-errors.ts";
import { DatabaseFollower } from "./follow-database.ts";
import { type GuardOptions, guardRequests } from "./guard-requests.ts";
import { PageThread } from "./page-thread.ts";
import type { RunSource } from "./run-source.ts";
import { serveApi } from "./serve-api.ts";
import { serveLive } from "./serve-live.ts";
import { servePages } from "./serve-pages.ts";
import { StreamHub } from "./stream-hub.ts";

/** A page comes back by itself; what does not was no page. */
const STREAM_MS_MAX = 1_800_000;

export interface BuiltDashboard {
  readonly token: string;
  readonly hub: StreamHub;
  /** Ends the streams, the following and the building of pages: nobody reads the database any more. */
  dispose(): Promise<void>;
}

/** Gives a server its routes, and its streams something to tell. */
export function buildDashboard(
  app: FastifyInstance,
  { source, version, feed, stop, isLoopback, listen }: DashboardOptions & GuardOptions,
): BuiltDashboard {
  const hub = new StreamHub(feed === undefined ? "database" : "process", {
    streamMsMax: STREAM_MS_MAX,
  });
  const guard = guardRequests(app, { isLoopback, listen });
  const follower = feed === undefined ? followDatabase(source, hub) : null;
  const leave = feed?.listen((message) => hub.publish(message));
  const pages = new PageThread(source.path);
  const context: DashboardContext = {
    source,
    pages,
    hub,
    guard,
    version,
    look: () => follower?.look(),
    ask: async () => follower?.ask(),
    stop: stop ?? null,
  };
  explainErrors(app);
  servePages(app, context);
  serveApi(app, context);
  serveLive(app, context);
  return {
    token: guard.token,
    hub,
    async dispose() {
      leave?.();
      follower?.[Symbol.dispose]();
      hub[Symbol.dispose]();
      await pages[Symbol.asyncDispose]();
    },
  };
}

/** The first look is taken at once, so that a database that cannot be read is known before anybody asks. */
function followDatabase(source: RunSource, hub: StreamHub): DatabaseFollower {
  source.read((store) => store.listRuns());
  const follower = new DatabaseFollower(source, {
    publish: (message) => hub.publish(message),
    isWatched: () => hub.size > 0,
  });
  follower.look();
  return follower;
}
