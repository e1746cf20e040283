import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { SysctlRecord } from "@churnlab/core";
import { ChurnError } from "@churnlab/core/errors";
import type { NetworkNamespace } from "./network-namespace.ts";
import { errnoOf } from "./system-error.ts";

/** A sysctl of one namespace: before, asked for, and read back after the write. The role is the caller's to add. */
export type SysctlChange = Omit<SysctlRecord, "role"> & { readonly requested: string };

/**
 * Writes sysctls inside a namespace, in the given order, and reads each back: the kernel may accept a value and hold
 * another. Only names under `net.` are written, and of these only what the namespace has for itself.
 *
 * Throws at the first refusal: `E_SYSCTL_UNKNOWN` (this kernel has no such name), `E_SYSCTL_NOT_NAMESPACED` (the host
 * has it, a namespace has not, or only to read), `E_SYSCTL_VALUE` (the kernel refuses the value), `E_CAPABILITY`.
 */
export function applySysctls(
  namespace: NetworkNamespace,
  wanted: Readonly<Record<string, string>>,
): SysctlChange[] {
  return Object.entries(wanted).map(([name, requested]) => applySysctl(namespace, name, requested));
}

/** The values of the sysctls that exist in the namespace; names that it lacks are absent from the answer. */
export function readSysctls(
  namespace: NetworkNamespace,
  names: readonly string[],
): Record<string, string> {
  return namespace.run(() => readOwnSysctls(names));
}

/** The same, of the namespace that the calling thread is in. */
export function readOwnSysctls(names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = readOptional(pathOfSysctl(name));
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** Sysctls separate fields by tabs or spaces; compared and stored, they are separated by one space. */
export function normaliseSysctlValue(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}

/**
 * The file of a sysctl below /proc/sys. As in sysctl(8), the dots of a name are slashes, and a slash in a name is a dot
 * of a device (`net.ipv4.conf.eth0/100.forwarding`). Throws `E_SYSCTL_UNKNOWN` for what no sysctl can be called.
 */
export function pathOfSysctl(name: string): string {
  const parts = name.split(".").map((part) => part.replaceAll("/", "."));
  if (parts.some((part) => !/^[\w.:-]+$/.test(part) || part === "." || part === "..")) {
    throw new ChurnError(
      "E_SYSCTL_UNKNOWN",
      `${JSON.stringify(name)} cannot be the name of a sysctl`,
      { hint: "Names are like net.ipv4.tcp_tw_reuse: `churnlab sysctl list`" },
    );
  }
  return `/proc/sys/${parts.join("/")}`;
}

function applySysctl(namespace: NetworkNamespace, name: string, requested: string): SysctlChange {
  const path = pathOfSysctl(name);
  if (!name.startsWith("net.")) throw refuseAbsent(name, path);
  const was = namespace.run(() => readOptional(path));
  if (was === undefined) throw refuseAbsent(name, path);
  try {
    namespace.run(() => {
      writeFileSync(path, requested);
    });
  } catch (error) {
    throw refuseWrite(error, name, requested);
  }
  const effective = namespace.run(() => readOptional(path)) ?? "";
  return { name, was, requested: normaliseSysctlValue(requested), effective };
}

function readOptional(path: string): string | undefined {
  try {
    return normaliseSysctlValue(readFileSync(path, "utf8"));
  } catch (error) {
    const code = errnoOf(error);
    // EACCES, EPERM: written but never read, like net.ipv4.route.flush, or hidden from this user.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    if (code === "EACCES" || code === "EPERM") return undefined;
    throw error;
  }
}

function refuseAbsent(name: string, path: string): ChurnError {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) {
    return new ChurnError("E_SYSCTL_NOT_NAMESPACED", `${name} is one value for the whole host`, {
      hint: "A trial changes only its own network namespaces. Set it on the host yourself, for all variants alike.",
    });
  }
  return new ChurnError("E_SYSCTL_UNKNOWN", `This kernel has no sysctl ${name}`, {
    hint: `A newer or older kernel, or a module that is not loaded, may have it: ls ${path}`,
  });
}

/** What /proc/sys answers to a value it does not take. */
const REFUSED_VALUE = new Set(["EINVAL", "ERANGE", "ENOENT", "EDOM", "E2BIG"]);

function refuseWrite(cause: unknown, name: string, requested: string): unknown {
  const code = errnoOf(cause);
  if (code === undefined) return cause;
  if (REFUSED_VALUE.has(code)) {
    const hint = `See what it takes: churnlab sysctl explain ${name}`;
    const message = `The kernel refuses ${name} = ${JSON.stringify(requested)} (${code})`;
    return new ChurnError("E_SYSCTL_VALUE", message, { hint, cause });
  }
  if (code === "EACCES") {
    const hint = "Set it on the host yourself, for all variants alike.";
    const message = `${name} can be read but not changed in a network namespace: it is one value for the whole host`;
    return new ChurnError("E_SYSCTL_NOT_NAMESPACED", message, { hint, cause });
  }
  if (code === "EROFS") {
    const hint = "/proc/sys is mounted read-only: give the container --privileged.";
    return new ChurnError("E_CAPABILITY", `Sysctls cannot be written here (${code})`, {
      hint,
      cause,
    });
  }
  if (code === "EPERM") {
    const hint = "Run as root, or under `unshare --user --map-root-user --net`.";
    return new ChurnError("E_CAPABILITY", `Sysctls cannot be written here (${code})`, {
      hint,
      cause,
    });
  }
  return cause;
}
