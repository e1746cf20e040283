import type { EngineProbe } from "../engine.ts";

export function probeEpoll(): EngineProbe {
  if (process.platform === "linux") return { works: true };
  return { works: false, reason: "epoll exists on Linux only" };
}
