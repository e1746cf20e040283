import { serveByFastify } from "./serve-by-fastify.ts";
import type { TargetJob, TargetServer } from "./target-server.ts";

/** A real HTTP server of the kind services are written with, where the built-in one would flatter the figures. */
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
    const { workload, delayMs } = job;
    const answer = { status: 200, body: Buffer.alloc(workload.responseBytes, "x") };
    await serveByFastify(job, counters, {
      listening,
      async answer() {
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        return answer;
      },
    });
  },
};
