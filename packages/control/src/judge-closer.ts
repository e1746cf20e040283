import type { Warning } from "@churnlab/core";
import { countFirstCloses, nameCloser, OTHER_SHARE_MAX } from "./count-first-closes.ts";
import type { TrialEvidence } from "./trial-evidence.ts";

/**
 * Whether the side that the scenario says closes first is the one that entered TIME_WAIT. A server that is not churnlab's
 * closes when it wants, and may close only some.
 */
export function judgeCloser(evidence: Pick<TrialEvidence, "trial" | "recording">): Warning[] {
  const { workload } = evidence.trial.spec;
  if (workload.close === "rst") return [];
  // Such connections end with the load, and then it is the client that lets them go.
  if (workload.kind === "hold" || workload.requestsPerConnection === "unlimited") return [];
  const closes = countFirstCloses(evidence);
  if (closes === null) return [];
  const { client, target } = closes;
  const other = workload.closer === "client" ? target : client;
  if (other <= OTHER_SHARE_MAX * (client + target)) return [];
  const message = `the scenario says closer: ${workload.closer}, but the closer was ${nameCloser(closes)}: TIME_WAIT was entered ${client} times by the client and ${target} times by the target`;
  return [{ code: "W_CLOSER_DIFFERS", message }];
}
