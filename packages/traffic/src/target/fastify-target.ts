import type { AddressInfo, Socket } from "node:net";
import { ChurnError } from "@churnlab/core";
import Fastify, { type FastifyInstance } from "fastify";
import type { TargetCounters } from "./target-counters.ts";
import type { TargetJob, TargetServer } from "./target-server.ts";
import { untilStopped } from "./until-stopped.ts";

/**
 * A real HTTP server of the kind services are written with, where the built-in one would flatter the figures. It closes as
 * Node's HTTP server does: after the answer to a request that says `Connection: close`, and after its client has.
 */
export const fastifyTarget: TargetServer = {
  name: "fastify",
  probe: () => ({ works: true }),

  refuses({ workload, misbehaviour }: TargetJob): string | null {
    if (workload.protocol !== "http") return "it speaks HTTP only";
    if (misbehaviour !== "none") return `it cannot be made to ${misbehaviour}`;
    if (workload.closer === "server" && workload.close !== "fin") {
      return `its HTTP server does not close by ${workload.close}`;
    }
    return null;
  },

  async serve(job, counters, listening): Promise<void> {
    const server = createServer(job, counters);
    listening(await listen(server, job));
    await untilStopped(counters);
    // Its own `close` would wait for clients that keep their connections.
    server.server.closeAllConnections();
    await server.close();
  },
};

function createServer({ workload, delayMs }: TargetJob, counters: TargetCounters): FastifyInstance {
  // The client decides when an idle connection ends.
  const server = Fastify({ keepAliveTimeout: 0, requestTimeout: 0 });
  const body = "x".repeat(workload.responseBytes);
  server.all("/*", async () => {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return body;
  });
  server.addHook("onResponse", async ({ raw }) => {
    counters.add("requests");
    if (workload.close === "rst" && raw.headers.connection === "close")
      raw.socket.resetAndDestroy();
  });
  server.server.on("connection", (socket: Socket) => {
    counters.add("accepted");
    counters.add("open");
    socket.on("close", () => counters.add("open", -1));
  });
  return server;
}

async function listen(
  server: FastifyInstance,
  { host, port, backlog }: TargetJob,
): Promise<number> {
  try {
    await server.listen({ host, port, backlog });
    return (server.server.address() as AddressInfo).port;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `The target cannot listen on ${host} port ${port}: ${code}`;
    throw new ChurnError("E_TARGET", message, { cause: error });
  }
}
