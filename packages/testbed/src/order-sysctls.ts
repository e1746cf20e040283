import { type NetworkNamespace, readSysctls } from "@churnlab/linux";

const START = "net.ipv4.ip_unprivileged_port_start";

/**
 * Sysctls in the order in which the namespace takes them: unprivileged ports begin at or below the local port range, and what would
 * overlap for a moment is refused (`ipv4_local_port_range` and `ipv4_privileged_ports`, net/ipv4/sysctl_net_ipv4.c). So their start is
 * written before the range where it is lowered, and after it where it is raised.
 */
export function orderSysctls(
  namespace: NetworkNamespace,
  wanted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { [START]: start, ...rest } = wanted;
  if (start === undefined) return rest;
  const { [START]: present } = readSysctls(namespace, [START]);
  return Number(start) > Number(present)
    ? { ...rest, [START]: start }
    : { [START]: start, ...rest };
}
