import { ChurnError, type EngineName, type TargetAddress, type Workload } from "@churnlab/core";
import type { Engine } from "./engine.ts";

export interface EngineEntry {
  readonly name: EngineName;
  /** On the ladder: `auto` takes the first that works. Others run on request only. */
  readonly ladder: boolean;
  load(): Promise<Engine>;
}

/** Fastest first. Each is loaded only when it is asked for. */
export const ENGINES: readonly EngineEntry[] = [
  {
    name: "ring",
    ladder: true,
    load: async () => (await import("./ring/ring-engine.ts")).ringEngine,
  },
  {
    name: "epoll",
    ladder: true,
    load: async () => (await import("./epoll/epoll-engine.ts")).epollEngine,
  },
  {
    name: "net",
    ladder: true,
    load: async () => (await import("./net/net-engine.ts")).netEngine,
  },
  {
    name: "undici",
    ladder: false,
    load: async () => (await import("./undici/undici-engine.ts")).undiciEngine,
  },
];

export interface PickedEngine {
  readonly name: EngineName;
  /** Why this engine and not a faster one, in words. */
  readonly reason: string;
  /** Whether a faster one was refused. */
  readonly fallback: boolean;
}

/** The engine for a workload: the one asked for, or the fastest that works. Throws `E_ENGINE` when there is none. */
export async function pickEngine(
  requested: EngineName | "auto",
  workload: Workload,
  target: TargetAddress,
): Promise<PickedEngine> {
  const refusals: string[] = [];
  for (const entry of ENGINES) {
    if (requested === "auto" ? !entry.ladder : entry.name !== requested) continue;
    const engine = await entry.load();
    const probe = engine.probe();
    const refusal = probe.works ? engine.refuses(workload, target) : probe.reason;
    if (refusal === null) return picked(entry.name, requested, refusals);
    refusals.push(`${entry.name}: ${refusal}`);
  }
  const reasons = refusals.join("; ") || "there is no such engine";
  throw new ChurnError("E_ENGINE", `The engine ${requested} cannot run this workload: ${reasons}`, {
    hint: target.tls
      ? "TLS needs `engine: undici`."
      : "Leave `workload.engine` out: the fastest that works is taken.",
  });
}

function picked(name: EngineName, requested: string, refusals: readonly string[]): PickedEngine {
  if (requested !== "auto") return { name, reason: "requested", fallback: false };
  const fallback = refusals.length > 0;
  return { name, reason: fallback ? refusals.join("; ") : "the fastest", fallback };
}

/** Loads an engine by its name. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  const entry = ENGINES.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no engine ${name}`);
  return entry.load();
}
