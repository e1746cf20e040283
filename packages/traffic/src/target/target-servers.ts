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
    name: "net",
    ladder: true,
    load: async () => (await import("./net-target.ts")).netTarget,
  },
];

export interface PickedTargetServer {
  readonly name: TargetServerName;
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
    const refusal = await refusalOf(entry, job);
    if (refusal !== null) refusals.push(`${entry.name}: ${refusal}`);
    else return { name: entry.name, reason: reasonFor(requested, refusals) };
  }
  const reasons = refusals.join("; ") || "there is no such server";
  throw new ChurnError("E_TARGET", `The target server ${requested} cannot run here: ${reasons}`, {
    hint: "Leave `target.engine` out: the fastest that works is taken.",
  });
}

async function refusalOf(entry: TargetServerEntry, job: TargetJob): Promise<string | null> {
  const server = await entry.load();
  const probe = server.probe();
  return probe.works ? server.refuses(job) : probe.reason;
}

function reasonFor(requested: string, refusals: readonly string[]): string {
  if (requested !== "auto") return "requested";
  return refusals.length === 0 ? "the fastest" : refusals.join("; ");
}

/** Loads a server by its name. */
export async function loadTargetServer(name: TargetServerName): Promise<TargetServer> {
  const entry = TARGET_SERVERS.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no target server ${name}`);
  return entry.load();
}
