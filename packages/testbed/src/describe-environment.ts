import type { Environment } from "@churnlab/core";
import {
  type NetworkNamespace,
  readConntrackSysctls,
  readEnvironment,
  readNetworkDevices,
  readTcpSysctls,
} from "@churnlab/linux";
import type { Host } from "./netns-hosts.ts";

/** The machine, and every TCP and conntrack sysctl and the devices of one host of every role, as they were when the load began. */
export function describeEnvironment(
  hosts: readonly Host[],
  parts: Readonly<Record<string, string>>,
): Environment {
  const ofRoles = hosts.flatMap(describeRole);
  return { facts: { ...machineFacts(), ...parts, ...Object.fromEntries(ofRoles) } };
}

/** `<role>.net.ipv4.tcp_timestamps`, `<role>.device.qdisc`, … */
function describeRole({ role, namespace }: Host): (readonly [string, string])[] {
  const facts = {
    ...readTcpSysctls(namespace),
    ...readConntrackSysctls(namespace),
    ...describeDevices(namespace),
  };
  return Object.entries(facts).map(([name, value]) => [`${role}.${name}`, value]);
}

/** What the devices have in common; where they differ, each of the values. No traffic takes the loopback device. */
function describeDevices(namespace: NetworkNamespace): Record<string, string> {
  const devices = readNetworkDevices(namespace).filter(({ name }) => name !== "lo");
  return {
    "device.mtu": distinct(devices.map(({ mtu }) => String(mtu))),
    "device.qdisc": distinct(devices.map(({ qdisc }) => qdisc)),
    "device.offloads": distinct(devices.map(({ offloads }) => offloads.toSorted().join(" "))),
  };
}

function distinct(values: readonly string[]): string {
  return [...new Set(values)].toSorted().join(" | ");
}

let machine: Record<string, string> | undefined;

/** Of the machine, read once: it does not change while this process lives. */
function machineFacts(): Record<string, string> {
  machine ??= readEnvironment();
  return machine;
}
