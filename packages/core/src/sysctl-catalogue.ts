import { CONNTRACK_SYSCTLS } from "./sysctl-catalogue/conntrack-sysctls.ts";
import { HOST_SYSCTLS } from "./sysctl-catalogue/host-sysctls.ts";
import { LISTEN_SYSCTLS } from "./sysctl-catalogue/listen-sysctls.ts";
import { OTHER_HOST_SYSCTLS, OTHER_NAMESPACE_SYSCTLS } from "./sysctl-catalogue/other-sysctls.ts";
import { PORT_SYSCTLS } from "./sysctl-catalogue/port-sysctls.ts";
import { PROTOCOL_SYSCTLS } from "./sysctl-catalogue/protocol-sysctls.ts";
import { REMOVED_SYSCTLS } from "./sysctl-catalogue/removed-sysctls.ts";
import { RETRY_SYSCTLS } from "./sysctl-catalogue/retry-sysctls.ts";
import type { SysctlEntry } from "./sysctl-catalogue/sysctl-entry.ts";
import { TIME_WAIT_SYSCTLS } from "./sysctl-catalogue/time-wait-sysctls.ts";

/** Every sysctl that churnlab can explain, those that churn feels most first. */
export const SYSCTLS: readonly SysctlEntry[] = [
  ...TIME_WAIT_SYSCTLS,
  ...PORT_SYSCTLS,
  ...LISTEN_SYSCTLS,
  ...RETRY_SYSCTLS,
  ...PROTOCOL_SYSCTLS,
  ...CONNTRACK_SYSCTLS,
  ...HOST_SYSCTLS,
  ...REMOVED_SYSCTLS,
];

/** Every name that may be meant: those that can be explained, and those that a namespace merely has. */
export const SYSCTL_NAMES: readonly string[] = [
  ...SYSCTLS.map(({ name }) => name),
  ...OTHER_NAMESPACE_SYSCTLS,
];

const byName = new Map(SYSCTLS.map((entry) => [entry.name, entry]));
const otherNamespaced = new Set(OTHER_NAMESPACE_SYSCTLS);
const otherHost = new Set(OTHER_HOST_SYSCTLS);

/** The entry of a sysctl by its full name; null when the catalogue has nothing to say of it. */
export function findSysctl(name: string): SysctlEntry | null {
  return byName.get(name) ?? null;
}

/** Settings per device, of which there are as many as there are devices. */
const PER_DEVICE = /^net\.(?:ipv4|ipv6)\.(?:conf|neigh)\.[^.\s]+\.[a-z0-9_]+$/;

/** Where a sysctl lives of which the catalogue knows no more than that; null when it knows none of this name. */
export function scopeOfOther(name: string): "namespace" | "host" | null {
  if (otherNamespaced.has(name) || PER_DEVICE.test(name)) return "namespace";
  return otherHost.has(name) ? "host" : null;
}
