import type { Measurement } from "../measurement.ts";
import { nameMetric } from "../metric-key.ts";
import type { Role } from "../role.ts";
import type { Limit, LimitedResource } from "./limit.ts";
import { type Find, limit, type Seen } from "./seen.ts";

/**
 * The built-in gateway counts its own errnos; what its clients see of them, and all that is seen of any other gateway, is
 * status 502. That has many causes, so it is believed only of one whose whole range was in use.
 */
export const findGatewayPorts: Find = (seen) => {
  if (seen.topology !== "gateway") return [];
  const counted = seen.positive(["target.failures.EADDRNOTAVAIL"]);
  const meaning = "no local port was left for the gateway's connect() towards its upstream";
  const named = ["ports", meaning] as const;
  if (Object.keys(counted).length > 0) {
    return limitPorts(seen, { role: "target", named, failures: counted });
  }
  const [used, range] = [seen.of("target.ports.used_peak"), seen.of("target.ports.range")];
  const refused = seen.failed(["HTTP_502"], ["receive"]);
  if (range === 0 || used < range || Object.keys(refused).length === 0) return [];
  const answered =
    "the gateway answered 502 while all its local ports towards its upstream were in use";
  // A connection fails once, whatever number of its requests did.
  const failures = { ...refused, ...seen.positive(["client.requests.failed"]) };
  return besidePorts(seen, limit("target", ["ports", answered], failures));
};

export const findPorts: Find = (seen) => {
  if (seen.bind === "port") return [];
  const meaning = "no local port was left for connect() towards this destination";
  const failures = seen.failed(["EADDRNOTAVAIL"], ["connect"]);
  return limitPorts(seen, { role: "client", named: ["ports", meaning], failures });
};

export const findBoundPorts: Find = (seen) => {
  if (seen.bind === "port") return [];
  const meaning = "no local port was left for bind(): bound ports are shared by all destinations";
  const failures = seen.failed(["EADDRINUSE"], ["bind", "connect"]);
  return limitPorts(seen, { role: "client", named: ["bound-ports", meaning], failures });
};

/** Who chooses the port gets no other one: the errnos of an empty range mean that this one is taken. */
export const findChosenPort: Find = (seen) => {
  if (seen.bind !== "port") return [];
  const meaning =
    "the local port whose turn it was (bind: port) was still taken, in TIME_WAIT or open; others may have been free";
  const failures = {
    ...seen.failed(["EADDRNOTAVAIL"], ["connect"]),
    ...seen.failed(["EADDRINUSE"], ["bind", "connect"]),
  };
  return besidePorts(seen, limit("client", ["chosen-port", meaning], failures));
};

/** From this share of the range on that a look has seen in use, an errno that says "none left" is believed. */
const FULL_SHARE_MIN = 0.9;

/**
 * Whether a look at the sockets of a role bears out that its ports ran out; null where none was had. Between two looks,
 * seconds apart, ports may run out and come back.
 */
export function sawPortsFull(measurements: readonly Measurement[], role: Role): boolean | null {
  const value = (name: string): number | undefined =>
    measurements.find(({ role: of, metric }) => of === role && metric === name)?.value;
  const [used, range] = [value("ports.used_peak"), value("ports.range")];
  if (used === undefined || range === undefined) return null;
  return used >= FULL_SHARE_MIN * range;
}

interface PortFailures {
  readonly role: Role;
  readonly named: readonly [LimitedResource, string];
  readonly failures: Readonly<Record<string, number>>;
}

/** Failures for want of a port, unless the sockets that were seen speak against it. */
function limitPorts(seen: Seen, { role, named, failures }: PortFailures): Limit[] {
  const unexplained =
    "the kernel found no local port, yet no look at the sockets saw the range nearly full: the cause is unknown";
  const isDenied = sawPortsFull(seen.measurements, role) === false;
  return besidePorts(seen, limit(role, isDenied ? ["unknown", unexplained] : named, failures));
}

/** The same, with the port budget beside the failures. */
function besidePorts(seen: Seen, found: readonly Limit[]): Limit[] {
  return found.map((each) => {
    const budget = ["ports.used_peak", "ports.range"].map((metric) =>
      nameMetric({ role: each.role, metric }),
    );
    return { ...each, evidence: { ...each.evidence, ...seen.positive(budget) } };
  });
}

/** Slow without a failure: what each connect() took is compared with what it took while ports were plenty. */
export const findPortSearch: Find = (seen) => {
  const cliff = seen.events.find(({ kind }) => kind === "connect-cliff");
  if (cliff === undefined) return [];
  const { portUsePercent, beforeUs, afterUs } = cliff.detail;
  const slow = Object.entries({
    "connect.port_use_percent": portUsePercent,
    "connect.us_before": beforeUs,
    "connect.us_after": afterUs,
  }).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  const meaning =
    "connect() became slow long before it could fail: it tries every second port first, and these were all in use";
  return limit(cliff.role, ["port-search", meaning], {
    ...Object.fromEntries(slow),
    ...seen.positive(["client.ports.used_peak", "client.ports.range"]),
  });
};
