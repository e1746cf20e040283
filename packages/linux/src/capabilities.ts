import { readFileSync } from "node:fs";

/** Capabilities that something here needs, with their bit (include/uapi/linux/capability.h). */
export const CAPABILITIES = {
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
} as const;

export type CapabilityName = keyof typeof CAPABILITIES;

/** The effective capabilities of the calling thread, of those named in `CAPABILITIES`, in its own user namespace. */
export function readCapabilities(): ReadonlySet<CapabilityName> {
  const status = readFileSync("/proc/thread-self/status", "utf8");
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  const mask = BigInt(`0x${hex}`);
  const names = Object.keys(CAPABILITIES) as CapabilityName[];
  return new Set(names.filter((name) => (mask & (1n << BigInt(CAPABILITIES[name]))) !== 0n));
}

/**
 * Whether the process lives in the user namespace the machine booted with. Elsewhere even all capabilities reach only
 * what that user namespace owns: no tracefs, no host-wide sysctl.
 */
export function isInitialUserNamespace(): boolean {
  // The initial one maps all of the 32-bit range to itself (user_namespaces(7)).
  return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/thread-self/uid_map", "utf8"));
}
