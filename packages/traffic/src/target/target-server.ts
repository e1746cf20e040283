import type { Misbehaviour, UpstreamSpec, Workload } from "@churnlab/core";
import type { EngineProbe } from "../engine.ts";
import type { TargetCounters } from "./target-counters.ts";

export const TARGET_SERVER_NAMES = ["ring", "epoll", "net", "fastify", "gateway"] as const;
export type TargetServerName = (typeof TARGET_SERVER_NAMES)[number];

/** Where a gateway finds its upstream, and how it dials. */
export interface UpstreamRoute extends UpstreamSpec {
  readonly host: string;
  readonly port: number;
}

/** What a server has to do. It is told the workload of its clients, so that both ends agree on who closes and how. */
export interface TargetJob {
  /** Numeric address to listen on. */
  readonly host: string;
  /** 0 lets the kernel choose; the choice is reported by `listening`. */
  readonly port: number;
  /** The `backlog` argument of listen(2). */
  readonly backlog: number;
  /** Wait between a whole request and its answer. */
  readonly delayMs: number;
  readonly misbehaviour: Misbehaviour;
  readonly workload: Workload;
  /** Of a gateway only. */
  readonly upstream?: UpstreamRoute;
}

/**
 * A server under test that churnlab brings itself. Every implementation answers alike:
 *
 * - `http`: HTTP/1.1; every request is answered with `200`, a `Content-Length` and a body of `workload.responseBytes`.
 *   A request head may carry a body announced by `Content-Length`.
 * - `raw`: every `workload.requestBytes` bytes received are answered with `workload.responseBytes` bytes.
 * - The last request of a connection that the server has to close is marked by the client: `Connection: close` in HTTP,
 *   and a first byte `RAW_LAST` in raw. After its answer the server closes in the way of `workload.close`: `fin` close(2),
 *   `rst` close with SO_LINGER {1, 0}, `half` shutdown(SHUT_WR) and close when the client's FIN has come. In HTTP that answer
 *   says `Connection: close`. Without such a mark the server waits for the client's FIN and then closes.
 * - A request that is not understood is answered by closing the connection.
 *
 * Misbehaviours: `reset-after-accept` resets a connection as soon as it is accepted; `close-with-unread-data` closes it when
 * the first bytes have arrived, without reading them (the kernel then sends a reset, RFC 2525 §2.17); `never-close` answers
 * but leaves the connection open for ever (CLOSE_WAIT when the client closes); `never-accept` listens and accepts nothing
 * (see `listenOnly`, which every implementation can use).
 */
export interface TargetServer {
  readonly name: TargetServerName;
  probe(): EngineProbe;
  /** Null when it can do the job, else why it cannot. */
  refuses(job: TargetJob): string | null;
  /**
   * Listens in the network namespace of the calling thread, calls `listening` once with the port, and serves until
   * `counters.stopping`, which it looks at least every 10 ms. Resolves when every socket is closed. It may block its thread:
   * everything that others want to know while it runs is in `counters`. Rejects with `E_TARGET` when it cannot listen.
   */
  serve(job: TargetJob, counters: TargetCounters, listening: (port: number) => void): Promise<void>;
}
