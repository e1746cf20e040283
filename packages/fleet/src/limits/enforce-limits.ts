import { ChurnError, formatDurationMs, validateSysctl } from "@churnlab/core";
import { isInRanges, parseAddressRange } from "./address-ranges.ts";
import { type AgentLimits, FRESH_SYSCTLS, STAYING_SYSCTLS } from "./agent-limits.ts";
import type { Asked } from "./asked.ts";
import { isAllowedImage } from "./image-patterns.ts";
import { isInPortRanges, parsePortRange } from "./port-ranges.ts";

/** One thing that was asked for and is not allowed. */
interface Breach {
  readonly limit:
    | Exclude<keyof AgentLimits, "file" | "ratePerS" | "durationMs" | "pull">
    | "rate"
    | "duration";
  readonly asked: string;
  readonly allowed: string;
}

/**
 * Holds a request against the agent's own limits, before anything is done for it. Pure.
 *
 * @throws ChurnError `E_REFUSED` with everything that is not allowed: what was asked, what is allowed, where to change it
 */
export function enforceLimits(limits: AgentLimits, asked: Asked): void {
  const breaches = findBreaches(limits, asked);
  if (breaches.length === 0) return;
  const sentences = breaches.map(
    ({ limit, asked: what, allowed }) => `${what}, but limits.${limit} allows ${allowed}`,
  );
  const keys = [...new Set(breaches.map(({ limit }) => `limits.${limit}`))].join(", ");
  const where =
    limits.file === null ? "a file given with --config on the agent's host" : limits.file;
  throw new ChurnError("E_REFUSED", `The agent was asked for ${sentences.join("; for ")}`, {
    hint: `If that is meant, allow it on the agent's own host: ${keys} in ${where}.`,
  });
}

function findBreaches(limits: AgentLimits, asked: Asked): Breach[] {
  return [
    ...refuseRole(limits, asked),
    ...refuseAddresses(limits, asked),
    ...refusePorts(limits, asked),
    ...refuseAmounts(limits, asked),
    ...refuseSysctls(limits, asked),
    ...refuseTarget(limits, asked),
  ];
}

function refuseRole({ roles }: AgentLimits, { role }: Asked): Breach[] {
  if (role === undefined || roles.includes(role)) return [];
  return [{ limit: "roles", asked: `the role ${role}`, allowed: listed(roles) }];
}

function refuseAddresses({ addresses }: AgentLimits, asked: Asked): Breach[] {
  const ranges = addresses.map((text) => required(parseAddressRange(text), text));
  return (asked.addresses ?? [])
    .filter((host) => !isInRanges(host, ranges))
    .map((host) => ({
      limit: "addresses",
      asked: `load on ${printable(host)}`,
      allowed: listed(addresses),
    }));
}

function refusePorts({ ports }: AgentLimits, asked: Asked): Breach[] {
  const ranges = ports.map((text) => required(parsePortRange(text), text));
  return (asked.ports ?? [])
    .filter((port) => !isInPortRanges(port, ranges))
    .map((port) => ({ limit: "ports", asked: `load on port ${port}`, allowed: listed(ports) }));
}

function refuseAmounts(
  limits: AgentLimits,
  { ratePerS, connections, durationMs }: Asked,
): Breach[] {
  const breaches: Breach[] = [];
  if (isAbove(ratePerS, limits.ratePerS)) {
    const isBound = Number.isFinite(ratePerS);
    breaches.push({
      limit: "rate",
      asked: isBound ? `up to ${ratePerS} requests/s` : "a closed loop, whose rate has no bound",
      allowed: `${limits.ratePerS}/s`,
    });
  }
  if (isAbove(connections, limits.connections)) {
    breaches.push({
      limit: "connections",
      asked: `up to ${connections} connections at once`,
      allowed: String(limits.connections),
    });
  }
  if (isAbove(durationMs, limits.durationMs)) {
    breaches.push({
      limit: "duration",
      asked: `a trial of ${formatDurationMs(durationMs)}`,
      allowed: formatDurationMs(limits.durationMs ?? 0),
    });
  }
  return breaches;
}

/** What is no number is above every bound. */
function isAbove(asked: number | undefined, bound: number | null): asked is number {
  return asked !== undefined && bound !== null && !(asked <= bound);
}

/** Host-wide sysctls are nobody's to allow: no trial may change them. */
function refuseSysctls(limits: AgentLimits, asked: Asked): Breach[] {
  const sysctls = limits.sysctls ?? (asked.stays === false ? FRESH_SYSCTLS : STAYING_SYSCTLS);
  return (asked.sysctls ?? [])
    .filter((name) => !isAllowedSysctl(name, sysctls))
    .map((name) => ({
      limit: "sysctls",
      asked: `the sysctl ${printable(name)}`,
      allowed: `${listed(sysctls)} as far as a namespace has them for itself`,
    }));
}

/** A path or an empty part could name another file than it seems to. */
const SYSCTL_NAME = /^[A-Za-z0-9_:-]+(?:\.[A-Za-z0-9_:/-]+)+$/;

function isAllowedSysctl(name: string, allowed: readonly string[]): boolean {
  if (!SYSCTL_NAME.test(name)) return false;
  const isListed = allowed.some((entry) =>
    entry.endsWith(".*") ? name.startsWith(entry.slice(0, -1)) : name === entry,
  );
  return isListed && validateSysctl(name, "0")?.about !== "name";
}

function refuseTarget(limits: AgentLimits, { target, image, hostTarget }: Asked): Breach[] {
  const breaches: Breach[] = [];
  if (target !== undefined && !limits.targets.some((kind) => kind === target)) {
    breaches.push({
      limit: "targets",
      asked: `a target of the kind ${target}`,
      allowed: listed(limits.targets),
    });
  }
  if (image !== undefined && !isAllowedImage(image, limits.images)) {
    breaches.push({
      limit: "images",
      asked: `a container of the image ${printable(image)}`,
      allowed: listed(limits.images),
    });
  }
  if (hostTarget === true && !limits.hostTarget) {
    breaches.push({
      limit: "hostTarget",
      asked: "a target on the host itself",
      allowed: "one in a namespace of its own only",
    });
  }
  return breaches;
}

function listed(entries: readonly string[]): string {
  return entries.length === 0 ? "none" : entries.join(", ");
}

/** Limits are checked when they are read; what is not a range now is a bug, and must not count as allowed. */
function required<T>(range: T | null, text: string): T {
  if (range === null) throw new TypeError(`limits hold ${JSON.stringify(text)}, which is no range`);
  return range;
}

/** What a controller sent is not trusted to be short, or free of control characters. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 100)).slice(1, -1);
}
