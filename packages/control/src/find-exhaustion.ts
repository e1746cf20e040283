import type { BindMode, FailureRecord, Sample, TrialEvent } from "@churnlab/core";

/** Whether an errno means "no local port": at connect() without bind, at bind() with one. */
function isPortFailure({ step, errno }: FailureRecord): boolean {
  return (
    (step === "connect" && errno === "EADDRNOTAVAIL") ||
    ((step === "bind" || step === "connect") && errno === "EADDRINUSE")
  );
}

/** Whether it means "none is left": where the client chooses the port itself, it only means that this one is taken. */
export function isExhaustion(failure: FailureRecord, bind: BindMode): boolean {
  return bind !== "port" && isPortFailure(failure);
}

export interface PortEvidence {
  readonly failures: readonly FailureRecord[];
  readonly samples: readonly Sample[];
  readonly bind: BindMode;
  /** Whether a look at the sockets saw the range nearly full; null where there was none. */
  readonly sawFull: boolean | null;
}

/**
 * When the client had no local port left for the first time, and when one was free again. No kernel counter moves at
 * either; only errno tells the one, and connections the other. Where the client chooses its ports it is `ports.busy`, and
 * where the sockets that were seen speak against it `ports.refused`.
 */
export function findExhaustion({ failures, samples, bind, sawFull }: PortEvidence): TrialEvent[] {
  const first = failures.filter(isPortFailure).toSorted((a, b) => a.firstMs - b.firstMs)[0];
  if (first === undefined) return [];
  const { firstMs, errno, step, count } = first;
  const detail = { errno, step, count };
  const told = (kind: string): TrialEvent => ({ role: "client", tMs: firstMs, kind, detail });
  if (!isExhaustion(first, bind)) return [told("ports.busy")];
  if (sawFull === false) return [told("ports.refused")];
  return [told("ports.exhausted"), ...findFreeAgain(samples, firstMs)];
}

/**
 * The first sample with new connections after one in which attempts only failed. Where ports come back as fast as they
 * are asked for, or other sources still have some, there is no such pause and no event.
 */
function findFreeAgain(samples: readonly Sample[], exhaustedMs: number): TrialEvent[] {
  const failed = new Map(seriesOf(samples, "connections.failed").map((each) => [each.tMs, each]));
  const established = seriesOf(samples, "connections.established");
  let paused = false;
  for (const [index, now] of established.entries()) {
    const before = established[index - 1];
    if (before === undefined || before.tMs < exhaustedMs) continue;
    const failures = growth(failed.get(before.tMs), failed.get(now.tMs));
    if (now.value > before.value && paused) {
      const detail = { afterMs: now.tMs - exhaustedMs };
      return [{ role: "client", tMs: now.tMs, kind: "ports.free-again", detail }];
    }
    if (now.value === before.value && failures > 0) paused = true;
  }
  return [];
}

function seriesOf(samples: readonly Sample[], metric: string): Sample[] {
  return samples.filter((each) => each.role === "client" && each.metric === metric);
}

function growth(before: Sample | undefined, after: Sample | undefined): number {
  return (after?.value ?? 0) - (before?.value ?? 0);
}
