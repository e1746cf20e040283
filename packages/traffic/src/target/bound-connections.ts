import type { Server } from "node:net";
import { ERRNO } from "@churnlab/core";
import { servedSlots } from "../slots/slots-for.ts";
import type { TargetCounters } from "./target-counters.ts";

/**
 * Has one of Node's servers stop before the limit on open files. At the limit libuv accepts what waits and closes it at once,
 * and tells nobody (uv__emfile_trick, src/unix/stream.c); here Node does the same, and each is counted.
 */
export function boundConnections(server: Server, counters: TargetCounters): void {
  server.maxConnections = servedSlots();
  server.on("drop", () => counters.failAccept(ERRNO.EMFILE));
}
