import type { Environment } from "@churnlab/core";
import { readEnvironment, readTcpSysctls } from "@churnlab/linux";
import type { Host } from "./netns-hosts.ts";

/** The machine, and every TCP sysctl of one host of every role as it was when the load began. */
export function describeEnvironment(
  hosts: readonly Host[],
  parts: Readonly<Record<string, string>>,
): Environment {
  const sysctls = hosts.flatMap(({ role, namespace }) =>
    Object.entries(readTcpSysctls(namespace)).map(([name, value]) => [`${role}.${name}`, value]),
  );
  return { facts: { ...machineFacts(), ...parts, ...Object.fromEntries(sysctls) } };
}

let machine: Record<string, string> | undefined;

/** Of the machine, read once: it does not change while this process lives. */
function machineFacts(): Record<string, string> {
  machine ??= readEnvironment();
  return machine;
}
