import type { AddressInfo, Socket } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { boundConnections } from "./bound-connections.ts";
import { refuseToListen } from "./refuse-to-listen.ts";
import type { TargetCounters } from "./target-counters.ts";
import type { TargetJob } from "./target-server.ts";
import { untilStopped } from "./until-stopped.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** null where the request has none. */
  readonly body: Buffer | null;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface FastifyService {
  /** Must not reject. */
  answer(request: Asked): Promise<Answer>;
  listening(port: number): void;
}

/**
 * Serves HTTP as a job asks, by Fastify. It closes as Node's HTTP server does: after the answer to a request that says
 * `Connection: close`, and after its client has.
 */
export async function serveByFastify(
  job: TargetJob,
  counters: TargetCounters,
  service: FastifyService,
): Promise<void> {
  const server = createServer(job, counters, service);
  service.listening(await listen(server, job));
  await untilStopped(counters);
  // Its own `close` would wait for clients that keep their connections.
  server.server.closeAllConnections();
  await server.close();
}

function createServer(
  { workload }: TargetJob,
  counters: TargetCounters,
  service: FastifyService,
): FastifyInstance {
  // The client decides when an idle connection ends.
  const server = Fastify({ keepAliveTimeout: 0, requestTimeout: 0 });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  server.all("/*", async ({ method, url, body }, reply) => {
    const { status, body: bytes } = await service.answer({
      method,
      path: url,
      body: (body as Buffer | undefined) ?? null,
    });
    return reply.code(status).type("text/plain").send(bytes);
  });
  server.addHook("onResponse", async ({ raw }) => {
    counters.add("requests");
    if (workload.close === "rst" && raw.headers.connection === "close")
      raw.socket.resetAndDestroy();
  });
  boundConnections(server.server, counters);
  server.server.on("connection", (socket: Socket) => {
    counters.add("accepted");
    counters.add("open");
    socket.on("close", () => counters.add("open", -1));
  });
  return server;
}

async function listen(server: FastifyInstance, job: TargetJob): Promise<number> {
  const { host, port, backlog } = job;
  try {
    await server.listen({ host, port, backlog });
    return (server.server.address() as AddressInfo).port;
  } catch (error) {
    throw refuseToListen(job, error as NodeJS.ErrnoException);
  }
}
