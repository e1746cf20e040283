import { deltaCounters, type Role, type SeenCloser } from "@churnlab/core";
import type { RoleReadings } from "./role-recorder.ts";
import type { TrialEvidence } from "./trial-evidence.ts";

/** A closer that the other side forestalls in more than this share of connections is not the closer of the trial: both are. */
export const OTHER_SHARE_MAX = 0.05;

/** How many connections each side closed first. */
export interface FirstCloses {
  readonly client: number;
  readonly target: number;
}

/**
 * Which side entered TIME_WAIT how often in the measure phase and until its last connections had closed, before the drain, as
 * the kernels counted it: whoever sends the first FIN does (RFC 9293 §3.6). Null of a gateway, which enters it towards its
 * upstream as well, of an external target, whose kernel is not seen, and where a kernel did not tell one of the counts.
 */
export function countFirstCloses({
  trial,
  recording,
}: Pick<TrialEvidence, "trial" | "recording">): FirstCloses | null {
  const { testbed, topology } = trial.spec;
  if (testbed === "external" || topology !== "direct") return null;
  const entered = (role: Role): number | null =>
    addKnown(
      recording
        .readings()
        .filter(({ observer }) => observer.role === role)
        .map(countTimeWaits),
    );
  const [client, target] = [entered("client"), entered("target")];
  return client === null || target === null ? null : { client, target };
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
 * those that are to wait for at most 4 s, as with tcp_fin_timeout (__inet_twsk_schedule). Null where one of the three was not
 * read, or decreased.
 */
function countTimeWaits({ before, after }: RoleReadings): number | null {
  const { deltas } = deltaCounters(before, after);
  return addKnown(
    ["tcpext.TW", "tcpext.TWKilled", "tcpext.TCPTimeWaitOverflow"].map(
      (name) => deltas[name] ?? null,
    ),
  );
}

/** Null where there is none, or one is not known. */
function addKnown(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  if (known.length === 0 || known.length < counts.length) return null;
  return known.reduce((sum, count) => sum + count, 0);
}
