import { serveByFastify } from "../target/serve-by-fastify.ts";
import type { TargetServer } from "../target/target-server.ts";
import { createUpstream } from "./create-upstream.ts";

/**
 * A target that asks another server for every answer, as a proxy or a service with a back end does: Fastify towards its
 * clients, undici towards the upstream. When the upstream cannot be asked it answers 502, and 504 when that takes too long
 * (RFC 9110 §15.6.3, §15.6.5); why, is counted by errno on its side, where the cause is.
 */
export const gatewayServer: TargetServer = {
  name: "gateway",
  probe: () => ({ works: true }),

  refuses({ workload, misbehaviour, upstream }): string | null {
    if (upstream === undefined) return "it has no upstream";
    if (workload.protocol !== "http") return "it speaks HTTP only";
    if (misbehaviour !== "none") return `it cannot be made to ${misbehaviour}`;
    if (workload.closer === "server" && workload.close !== "fin") {
      return `its HTTP server does not close by ${workload.close}`;
    }
    return null;
  },

  async serve(job, counters, listening): Promise<void> {
    if (job.upstream === undefined) throw new Error("a gateway needs an upstream");
    const upstream = createUpstream(job.upstream, counters);
    try {
      await serveByFastify(job, counters, {
        answer: (request) => upstream.ask(request),
        listening,
      });
    } finally {
      await upstream.close();
    }
  },
};
