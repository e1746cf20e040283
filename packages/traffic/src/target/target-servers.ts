import { ChurnError } from "@churnlab/core";
import type { TargetJob, TargetServer, TargetServerName } from "./target-server.ts";

export interface TargetServerEntry {
  readonly name: TargetServerName;
  /** On the ladder: `auto` takes the first that works. Others run on request only. */
  readonly ladder: boolean;
  load(): Promise<TargetServer>;
}

/** Fastest first. Each is loaded only when it is asked for. */
export const TARGET_SERVERS: readonly TargetServerEntry[] = [
  {
    name: "ring",
    ladder: true,
    load: async () => (await import("../ring/ring-target.ts")).ringTarget,
  },
  {
    name: "epoll",
    ladder: true,
    load: async () => (await import("../epoll/epoll-target.ts")).epollTarget,
  },
  {
    name: "net",
    ladder: true,
    load: async () => (await import("./net-target.ts")).netTarget,
  },
  {
    name: "fastify",
    ladder: false,
    load: async () => (await import("./fastify-target.ts")).fastifyTarget,
  },
  {
    name: "gateway",
    ladder: false,
    load: async () => (await import("../gateway/gateway-server.ts")).gatewayServer,
  },
];

export interface PickedTargetServer {
  readonly server: TargetServer;
  /** Why this one and not a faster one. */
  readonly reason: string;
}

/** The server for a job: the one asked for, or the fastest that works. Throws `E_TARGET` when there is none. */
export async function pickTargetServer(
  requested: TargetServerName | "auto",
  job: TargetJob,
): Promise<PickedTargetServer> {
  const refusals: string[] = [];
  for (const entry of TARGET_SERVERS) {
    if (requested === "auto" ? !entry.ladder : entry.name !== requested) continue;
    const server = await entry.load();
    const probe = server.probe();
    const refusal = probe.works ? server.refuses(job) : probe.reason;
    if (refusal === null) return { server, reason: reasonFor(requested, refusals) };
    refusals.push(`${entry.name}: ${refusal}`);
  }
  const reasons = refusals.join("; ") || "there is no such server";
  throw new ChurnError("E_TARGET", `The target server ${requested} cannot do this: ${reasons}`, {
    hint: "`target: { server: builtin }` without an engine takes the fastest that works.",
  });
}

function reasonFor(requested: string, refusals: readonly string[]): string {
  if (requested !== "auto") return "requested";
  return refusals.length === 0 ? "the fastest" : refusals.join("; ");
}
