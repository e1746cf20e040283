import { isIP } from "node:net";
import { nameEnd, type TargetAddress, type Workload } from "@churnlab/core";
import { buildConnector } from "undici";
import type { Engine, EngineProbe, WorkerJob } from "../engine.ts";
import { runLoad } from "../load/run-load.ts";
import type { WorkerCounters } from "../worker-counters.ts";
import { createUndiciDial } from "./undici-wire.ts";

/**
 * Node's HTTP client, for users who want its behaviour: its parser, its keep-alive time-outs, TLS. A client of its own per
 * connection costs about four times the CPU of plain sockets. A connection's first byte is the first its parser sees.
 */
export const undiciEngine: Engine = {
  name: "undici",

  probe(): EngineProbe {
    return { works: true };
  },

  refuses(workload: Workload, target: TargetAddress): string | null {
    if (workload.protocol === "raw") return "it speaks HTTP only";
    if (workload.kind === "hold") return "it opens no connection without a request";
    if (workload.closer === "server") {
      return "it closes at the end of an answer that says `Connection: close`, so who closes first is left to chance";
    }
    if (workload.close === "half") return "it cannot close by half";
    if (workload.close === "rst" && target.tls) return "it cannot reset a TLS connection";
    if (workload.bind === "address-no-port") return "Node cannot set IP_BIND_ADDRESS_NO_PORT";
    if (workload.bind === "port") return "it chooses no local port";
    return null;
  },

  async run(job: WorkerJob, counters: WorkerCounters): Promise<void> {
    const { workload, target } = job;
    const end = nameEnd(target.host, target.port);
    const origin = new URL(`${target.tls ? "https" : "http"}://${end}`);
    const dial = createUndiciDial({
      origin,
      localAddress: workload.bind === "address" ? job.sourceAddress : null,
      connect: buildConnector({
        timeout: workload.timeouts.connectMs,
        // Every handshake in full: what resumption saves is a question of its own.
        maxCachedSessions: 0,
        allowH2: false,
        ...(target.authority === undefined ? {} : { servername: nameOf(target.authority) }),
      }),
      request: describeRequest(workload, target, origin),
      close: workload.close,
    });
    await runLoad(job, counters, dial);
  },
};

function describeRequest({ requestBytes }: Workload, target: TargetAddress, origin: URL) {
  const { path, authority } = target;
  const named =
    authority === undefined ? { origin, path } : { origin, path, headers: { host: authority } };
  if (requestBytes === 0) return { ...named, method: "GET" };
  return { ...named, method: "POST", body: Buffer.alloc(requestBytes, "x") };
}

/** What TLS asks for (RFC 6066 §3): the name without its port, empty where it is a number. */
function nameOf(authority: string): string {
  const { hostname } = new URL(`http://${authority}`);
  return isIP(hostname.replace(/^\[|\]$/g, "")) === 0 ? hostname : "";
}
