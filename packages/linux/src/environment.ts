import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { isInitialUserNamespace, readCapabilities } from "./capabilities.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { readOpenFileLimit } from "./open-file-limit.ts";
import { readSysctls } from "./sysctls.ts";
import { readTickRateHz } from "./tick-rate.ts";
import { detectContainer, detectHypervisor } from "./virtualisation.ts";

/**
 * The machine, as flat facts: what two runs must share to be comparable. Reads files only; changes nothing.
 */
export function readEnvironment(): Record<string, string> {
  const processors = cpus();
  const limit = readOpenFileLimit();
  return {
    "kernel.release": release(),
    "kernel.arch": arch(),
    hz: String(readTickRateHz()),
    "cpu.model": processors[0]?.model.trim() ?? "unknown",
    "cpu.count": String(processors.length),
    "memory.mib": String(Math.round(totalmem() / 2 ** 20)),
    distribution: readDistribution(),
    hypervisor: detectHypervisor(),
    container: detectContainer(),
    "user.namespace": isInitialUserNamespace() ? "initial" : "own",
    "user.capabilities": [...readCapabilities()].toSorted().join(" "),
    "nofile.soft": String(limit.soft),
    "nofile.hard": String(limit.hard),
    "node.version": process.versions.node,
  };
}

/**
 * Every TCP sysctl of a namespace, with the port range and somaxconn, by name. Left out is what is not a setting:
 * the key of Fast Open is a secret, and some files only list what the kernel offers.
 */
export function readTcpSysctls(namespace: NetworkNamespace): Record<string, string> {
  const ipv4 = namespace.run(() => readdirSync("/proc/sys/net/ipv4"));
  const names = ipv4
    .filter((name) => /^(?:tcp_|ip_local_|ip_autobind_reuse)/.test(name))
    .filter((name) => !/_key$|_available_|_allowed_/.test(name))
    .map((name) => `net.ipv4.${name}`);
  return readSysctls(namespace, [...names.toSorted(), "net.core.somaxconn"]);
}

/** Every setting of connection tracking in a namespace, by name; empty where it is not loaded. */
export function readConntrackSysctls(namespace: NetworkNamespace): Record<string, string> {
  const directory = "/proc/sys/net/netfilter";
  const files = namespace.run(() => (existsSync(directory) ? readdirSync(directory) : []));
  const names = files
    .filter((name) => name.startsWith("nf_conntrack_") && name !== "nf_conntrack_count")
    .map((name) => `net.netfilter.${name}`);
  return readSysctls(namespace, names.toSorted());
}

/** `PRETTY_NAME` of os-release(5). */
function readDistribution(): string {
  for (const path of ["/etc/os-release", "/usr/lib/os-release"]) {
    try {
      const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync(path, "utf8"))?.[1];
      if (name !== undefined) return name;
    } catch {
      // The next one may exist.
    }
  }
  return "unknown";
}
