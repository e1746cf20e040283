import { nameEnd, type UpstreamSpec } from "@churnlab/core";
import { type buildConnector, Client, type Dispatcher, Pool } from "undici";
import type { Answer, Asked } from "../target/serve-by-fastify.ts";
import type { TargetCounters } from "../target/target-counters.ts";
import type { UpstreamRoute } from "../target/target-server.ts";
import { countConnections } from "./count-connections.ts";

/** What a gateway knows of the server behind it. */
export interface Upstream {
  /** Never rejects: what goes wrong is an answer of status 502 or 504. */
  ask(request: Asked): Promise<Answer>;
  close(): Promise<void>;
}

/** Longest wait for a connection and for an answer, milliseconds. */
const PATIENCE_MS = 2000;

interface Dispatchers {
  /** A dispatcher for one request. */
  take(): Dispatcher;
  /** Its request is over. */
  putDown(dispatcher: Dispatcher): void;
  close(): Promise<void>;
}

export function createUpstream(route: UpstreamRoute, counters: TargetCounters): Upstream {
  const connect = countConnections(counters, PATIENCE_MS);
  const dispatchers = DISPATCHERS[route.connections](route, connect);
  return {
    close: async () => dispatchers.close(),
    async ask({ method, path, body }) {
      counters.add("upstreamAttempted");
      const dispatcher = dispatchers.take();
      try {
        const options = { method, path, body };
        const response = await dispatcher.request(options);
        const answer = {
          status: response.statusCode,
          body: Buffer.from(await response.body.arrayBuffer()),
        };
        if (answer.status < 500) counters.add("upstreamServed");
        return answer;
      } catch (error) {
        return refuse(error as Error);
      } finally {
        dispatchers.putDown(dispatcher);
      }
    },
  };
}

const DISPATCHERS: Readonly<
  Record<
    UpstreamSpec["connections"],
    (route: UpstreamRoute, connect: buildConnector.connector) => Dispatchers
  >
> = {
  "short-lived": openForEach,
  pooled: keepPool,
};

const TIMEOUTS = { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS };

/** The gateway closes first, as soon as it has its answer, and so is the side that holds TIME_WAIT. */
function openForEach(route: UpstreamRoute, connect: buildConnector.connector): Dispatchers {
  const live = new Set<Dispatcher>();
  const end = (dispatcher: Dispatcher): void => {
    live.delete(dispatcher);
    dispatcher.destroy().catch(() => {});
  };
  return {
    take() {
      const client = new Client(originOf(route), { connect, pipelining: 1, ...TIMEOUTS });
      live.add(client);
      return client;
    },
    putDown: end,
    async close() {
      for (const dispatcher of live) end(dispatcher);
    },
  };
}

function keepPool(route: UpstreamRoute, connect: buildConnector.connector): Dispatchers {
  const pool = new Pool(originOf(route), {
    connect,
    connections: route.poolSize,
    pipelining: 1,
    keepAliveTimeout: route.idleTimeoutMs,
    keepAliveMaxTimeout: route.idleTimeoutMs,
    ...TIMEOUTS,
  });
  return { take: () => pool, putDown() {}, close: async () => pool.destroy() };
}

function originOf({ host, port }: UpstreamRoute): URL {
  return new URL(`http://${nameEnd(host, port)}`);
}

const TIMED_OUT: ReadonlySet<string> = new Set([
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

function refuse(error: NodeJS.ErrnoException): Answer {
  const code = error.code ?? error.name;
  return { status: TIMED_OUT.has(code) ? 504 : 502, body: Buffer.from(`${code}\n`) };
}
