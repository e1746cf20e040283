import type { Role, SeenCloser } from "@churnlab/core";
import type { TrialEvidence } from "./trial-evidence.ts";

/** A closer that the other side forestalls in more than this share of connections is not the closer of the trial: both are. */
export const OTHER_SHARE_MAX = 0.05;

/** How many connections each side closed first. */
export interface FirstCloses {
  readonly client: number;
  readonly target: number;
}

/**
 * Which side entered TIME_WAIT how often in the measure phase and the drain, as the kernels counted it: whoever sends the
 * first FIN does (RFC 9293 §3.6). Null of a gateway, which enters it towards its upstream as well, and of an external target,
 * whose kernel is not seen.
 */
export function countFirstCloses({
  trial,
  recording,
}: Pick<TrialEvidence, "trial" | "recording">): FirstCloses | null {
  const { testbed, topology } = trial.spec;
  if (testbed === "external" || topology !== "direct") return null;
  const entered = (role: Role): number =>
    recording
      .readings()
      .filter(({ observer }) => observer.role === role)
      .map(({ before, after }) => timeWaits(after.counters) - timeWaits(before.counters))
      .reduce((sum, count) => sum + count, 0);
  return { client: entered("client"), target: entered("target") };
}

/** Null where neither side closed first: nothing was opened, or everything was reset. */
export function nameCloser(closes: FirstCloses | null): SeenCloser | null {
  if (closes === null) return null;
  const { client, target } = closes;
  if (client + target <= 0) return null;
  if (Math.min(client, target) > OTHER_SHARE_MAX * (client + target)) return "mixed";
  return client > target ? "client" : "server";
}

/**
 * Connections that a kernel closed first. Those beyond tcp_max_tw_buckets skip TIME_WAIT and count on their own, and so do
 * those that are to wait for at most 4 s, as with tcp_fin_timeout (__inet_twsk_schedule).
 */
function timeWaits(counters: Readonly<Record<string, number>>): number {
  return ["tcpext.TW", "tcpext.TWKilled", "tcpext.TCPTimeWaitOverflow"]
    .map((name) => counters[name] ?? 0)
    .reduce((sum, count) => sum + count, 0);
}
