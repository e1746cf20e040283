import type { ServerAccount, TrialEvent } from "@churnlab/core";
import { TARGET_MOMENTS, type TargetCounters, type TargetMoment } from "./target-counters.ts";

type Told = Pick<TrialEvent, "kind" | "detail">;

/** What a server of ours tells beside its kernel while it runs: what it could not accept, and when its ports ran out. */
export function accountOfServer(counters: TargetCounters): ServerAccount {
  const told = new Map<TargetMoment, number>();
  return {
    readCounters: () => nameAcceptFailures(counters),
    takeEvents: () =>
      TARGET_MOMENTS.flatMap((moment) => {
        const atMs = counters.atMs(moment);
        if (atMs === null || told.get(moment) === atMs) return [];
        told.set(moment, atMs);
        return [{ role: "target" as const, atMs, ...EVENTS[moment](counters) }];
      }),
  };
}

/** Connections that could not be accepted so far, by metric. */
export function nameAcceptFailures(counters: TargetCounters): Record<string, number> {
  return Object.fromEntries(
    [...counters.acceptFailures()].map(([errno, count]) => [`accept_failures.${errno}`, count]),
  );
}

const EVENTS: Readonly<Record<TargetMoment, (counters: TargetCounters) => Told>> = {
  portsExhausted: () => ({
    kind: "ports.exhausted",
    detail: { errno: "EADDRNOTAVAIL", step: "connect" },
  }),
  portsFreeAgain: (counters) => {
    const [fromMs, toMs] = [counters.atMs("portsExhausted"), counters.atMs("portsFreeAgain")];
    const isKnown = fromMs !== null && toMs !== null;
    return { kind: "ports.free-again", detail: isKnown ? { afterMs: toMs - fromMs } : {} };
  },
  acceptFailed: (counters) => ({
    kind: "accept.failed",
    detail: { errno: [...counters.acceptFailures().keys()].join(", ") },
  }),
};
