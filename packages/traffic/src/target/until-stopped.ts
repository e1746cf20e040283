import type { TargetCounters } from "./target-counters.ts";

const LOOK_EVERY_MS = 5;

/** Resolves soon after a stop was requested; for servers that leave their thread's event loop running. */
export async function untilStopped(counters: TargetCounters): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (!counters.stopping) return;
      clearInterval(timer);
      resolve();
    }, LOOK_EVERY_MS);
  });
}
