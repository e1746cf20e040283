import { measureGateway } from "../gateway/measure-gateway.ts";
import { nameAcceptFailures } from "./account-of-server.ts";
import type { TargetCounters } from "./target-counters.ts";

/** A target that is a process of its own answers this signal with a line of its counts on its standard output. */
export const COUNTS_SIGNAL = "SIGUSR2";
/** What that line begins with. */
export const COUNTS_LINE = "churnlab-counts ";

/** What a server of ours has done since it listens. */
export interface ServerCounts {
  /** Requests answered in full. */
  readonly requests: number;
  /** What it could not accept, by metric. */
  readonly acceptFailures: Readonly<Record<string, number>>;
  /** Of a gateway towards its upstream, by metric. */
  readonly gateway: Readonly<Record<string, number>>;
}

/** The line of output that `parseCounts` reads on the other side. */
export function formatCounts(counters: TargetCounters): string {
  const counts: ServerCounts = {
    requests: counters.read("requests"),
    acceptFailures: nameAcceptFailures(counters),
    gateway: Object.fromEntries(measureGateway(counters)),
  };
  return COUNTS_LINE + JSON.stringify(counts);
}

/** The counts of a line that `formatCounts` made. */
export function parseCounts(line: string): ServerCounts {
  return JSON.parse(line.slice(COUNTS_LINE.length)) as ServerCounts;
}
