import type { Role, Warning } from "@churnlab/core";
import type { TrialEvidence } from "./trial-evidence.ts";

/** A closer that the other side forestalls in more than this share of connections is not the closer of the trial: both are. */
const OTHER_SHARE_MAX = 0.05;

/**
 * Whether the side that the scenario says closes first is the one that entered TIME_WAIT, as the kernels counted it in the
 * measure phase. A server that is not churnlab's closes when it wants, and may close only some. Says nothing where connections end by reset, and
 * of a gateway, which enters TIME_WAIT towards its upstream as well.
 */
export function judgeCloser({
  trial,
  recording,
}: Pick<TrialEvidence, "trial" | "recording">): Warning[] {
  const { testbed, topology, workload } = trial.spec;
  // One of the kernels is not seen, or both are one.
  if (testbed === "external") return [];
  if (topology !== "direct" || workload.close === "rst") return [];
  // Such connections end with the load, and then it is the client that lets them go.
  if (workload.kind === "hold" || workload.requestsPerConnection === "unlimited") return [];
  const entered = (role: Role): number =>
    recording
      .readings()
      .filter(({ observer }) => observer.role === role)
      .map(({ before, after }) => timeWaits(after.counters) - timeWaits(before.counters))
      .reduce((sum, count) => sum + count, 0);
  const client = entered("client");
  const target = entered("target");
  const expected = workload.closer === "client" ? client : target;
  const other = client + target - expected;
  if (other <= OTHER_SHARE_MAX * (client + target)) return [];
  const message = `the scenario says closer: ${workload.closer}, but the closer was ${nameCloser({ client, target })}: TIME_WAIT was entered ${client} times by the client and ${target} times by the target`;
  return [{ code: "W_CLOSER_DIFFERS", message }];
}

/** Who closed first, by the TIME_WAITs of each side. */
function nameCloser({ client, target }: { client: number; target: number }): string {
  if (Math.min(client, target) > OTHER_SHARE_MAX * (client + target)) return "mixed";
  return client > target ? "client" : "server";
}

/** Connections that a kernel closed first; those beyond tcp_max_tw_buckets skip TIME_WAIT and count on their own. */
function timeWaits(counters: Readonly<Record<string, number>>): number {
  return (counters["tcpext.TW"] ?? 0) + (counters["tcpext.TCPTimeWaitOverflow"] ?? 0);
}
