import type { Arrival, TrialSpec } from "./scenario.ts";

/** Files of the runtime, the database and the observers. */
const BASE = 256;
/** Namespace, counters and sockets of one source. */
const PER_SOURCE = 8;
/** Where the arrivals do not say how many connections are open at once; with fewer a moment's delay is a failure. */
const IN_FLIGHT_MIN = 128;

/**
 * About how many files this process has open at once in a trial: what `plan` shows and `run` asks the limit for. Where the
 * answers decide how many connections are open, only the least that makes sense is counted. For a container that has to be
 * measured from inside, which its engine tells only when it runs, it is an upper bound: the connections are that container's.
 */
export function countOpenFiles(spec: TrialSpec): number {
  if (spec.fleet !== undefined) return BASE;
  const connections = countConnections(spec);
  const dialled = Math.min(connections, upstreamConnectionsMax(spec));
  // Servers in namespaces are threads of this process; those in containers, or of a command, are not.
  const servesHere = spec.testbed === "netns" && "server" in spec.target;
  const ends = (servesHere ? 2 : 1) * connections + (servesHere ? 2 : 1) * dialled;
  return BASE + PER_SOURCE * spec.workload.sources + ends;
}

/** Connections of the clients that are meant to be open at the same time. */
function countConnections({ workload: { arrival, kind }, phases }: TrialSpec): number {
  if (arrival.model === "closed") return arrival.connections;
  if (kind !== "hold") return IN_FLIGHT_MIN;
  const warmUp = (arrival.ratePerS * phases.warmUpMs) / 1000;
  const offered = (meanRatePerS(arrival) * phases.measureMs) / 1000;
  // The limit is one of the measure phase.
  return Math.ceil(warmUp) + Math.ceil(Math.min(offered, arrival.limit ?? offered));
}

/** A ramp, or equal steps, from one rate to another. */
function meanRatePerS({ ratePerS, toPerS }: Extract<Arrival, { model: "open" }>): number {
  return (ratePerS + (toPerS ?? ratePerS)) / 2;
}

/** Between a gateway and its upstream, which always serves in this process. */
function upstreamConnectionsMax({ topology, upstream, workload, target }: TrialSpec): number {
  if (topology === "direct") return 0;
  // How a gateway that is not ours dials, and how many connections it keeps, is its own affair.
  if (!("server" in target)) return IN_FLIGHT_MIN;
  if (upstream?.connections === "pooled") return upstream.poolSize;
  // What is held is idle, and the gateway dials for a request.
  return workload.kind === "hold" ? IN_FLIGHT_MIN : Number.POSITIVE_INFINITY;
}
