import net from "node:net";
import type { Misbehaviour } from "@churnlab/core";
import { boundConnections } from "./bound-connections.ts";
import { encodeResponses } from "./encode-responses.ts";
import { listenOnly } from "./listen-only.ts";
import { refuseToListen } from "./refuse-to-listen.ts";
import { ServedConnection, type Service } from "./served-connection.ts";
import type { TargetJob, TargetServer } from "./target-server.ts";
import { destroyWhenUnread } from "./unread-bytes.ts";
import { untilStopped } from "./until-stopped.ts";

/** The built-in server over `node:net`: works wherever Node does. */
export const netTarget: TargetServer = {
  name: "net",
  probe: () => ({ works: true }),
  refuses: () => null,

  async serve(job, counters, listening): Promise<void> {
    if (job.misbehaviour === "never-accept") return listenOnly(job, counters, listening);
    const service: Service = { job, counters, responses: encodeResponses(job.workload) };
    const sockets = new Set<net.Socket>();
    const server = net.createServer(
      { allowHalfOpen: true, pauseOnConnect: job.misbehaviour === "close-with-unread-data" },
      (socket) => {
        counters.add("accepted");
        counters.add("open");
        sockets.add(socket);
        // The client's resets are its own business.
        socket.on("error", () => {});
        socket.on("close", () => {
          counters.add("open", -1);
          sockets.delete(socket);
        });
        TREATMENTS[job.misbehaviour](socket, service);
      },
    );
    boundConnections(server, counters);
    listening(await listen(server, job));
    await untilStopped(counters);
    await close(server, sockets);
  },
};

/** What becomes of an accepted connection. */
const TREATMENTS: Readonly<Record<Misbehaviour, (socket: net.Socket, service: Service) => void>> = {
  none: ServedConnection.attach,
  "never-close": ServedConnection.attach,
  "never-accept": () => {},
  "reset-after-accept": (socket) => socket.resetAndDestroy(),
  "close-with-unread-data": destroyWhenUnread,
};

async function listen(server: net.Server, job: TargetJob): Promise<number> {
  const { host, port, backlog } = job;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(refuseToListen(job, error)));
    server.listen({ host, port, backlog }, () =>
      resolve((server.address() as net.AddressInfo).port),
    );
  });
}

async function close(server: net.Server, sockets: ReadonlySet<net.Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const socket of sockets) socket.destroy();
  await closed;
}
