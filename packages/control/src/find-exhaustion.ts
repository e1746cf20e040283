import type { FailureRecord, TrialEvent } from "@churnlab/core";

/** The errnos that mean "no local port left": at connect() without bind, at bind() with one. */
export function isExhaustion({ step, errno }: FailureRecord): boolean {
  return (
    (step === "connect" && errno === "EADDRNOTAVAIL") ||
    ((step === "bind" || step === "connect") && errno === "EADDRINUSE")
  );
}

/** When the client had no local port left for the first time. No kernel counter moves then; only errno tells. */
export function findExhaustion(failures: readonly FailureRecord[]): TrialEvent[] {
  const first = failures.filter(isExhaustion).toSorted((a, b) => a.firstMs - b.firstMs)[0];
  if (first === undefined) return [];
  const { firstMs, errno, step, count } = first;
  return [
    { role: "client", tMs: firstMs, kind: "ports.exhausted", detail: { errno, step, count } },
  ];
}
