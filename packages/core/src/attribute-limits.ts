import {
  findBoundPorts,
  findChosenPort,
  findGatewayPorts,
  findPortSearch,
  findPorts,
} from "./limits/find-port-limits.ts";
import {
  findAcceptQueue,
  findConntrack,
  findSynQueue,
  findTimeWaitBuckets,
} from "./limits/find-queue-limits.ts";
import type { Limit, LimitEvidence } from "./limits/limit.ts";
import { type Find, limit, Seen } from "./limits/seen.ts";

/**
 * Names what limited a trial, by the marks that each shortage leaves in errnos and in the counters of both kernels.
 * Running out of ports moves no counter at all, only errno tells; a dropped SYN shows at the listener and as a slow
 * connect(); a full connection-tracking table drops in silence. Empty when nothing ran out.
 */
export function attributeLimits(evidence: LimitEvidence): Limit[] {
  const seen = new Seen(evidence);
  return FINDERS.flatMap((find) => find(seen));
}

const findDescriptors: Find = (seen) =>
  limit(
    "client",
    ["descriptors", "the limit on open files was reached"],
    seen.failed(["EMFILE", "ENFILE"], ["bind", "connect", "send", "receive", "close"]),
  );

const findServerDescriptors: Find = (seen) =>
  limit(
    "target",
    [
      "descriptors",
      "the server had no descriptor left: connections were not accepted, and waited in its queue or were closed",
    ],
    seen.positive(["target.accept_failures.EMFILE", "target.accept_failures.ENFILE"]),
  );

const findResets: Find = (seen) =>
  limit(
    "client",
    ["resets", "connections were reset by the other side"],
    seen.failed(["ECONNRESET", "EPIPE", "ECONNREFUSED"], ["connect", "send", "receive", "close"]),
  );

const findGenerator: Find = (seen) => {
  const limited = seen.warnings.some(({ code }) => code === "W_GENERATOR_LIMITED");
  const meaning =
    "the generator lost its schedule: what was offered is less than the scenario asks";
  if (!limited) return [];
  return limit("client", ["generator", meaning], {
    "client.latency.schedule.p99": seen.of("client.latency.schedule.p99"),
    "client.cpu.share_max": seen.of("client.cpu.share_max"),
  });
};

const FINDERS: readonly Find[] = [
  findPorts,
  findGatewayPorts,
  findBoundPorts,
  findChosenPort,
  findPortSearch,
  findDescriptors,
  findServerDescriptors,
  findAcceptQueue,
  findSynQueue,
  findConntrack,
  findTimeWaitBuckets,
  findResets,
  findGenerator,
];
