import { countReservedPorts } from "@churnlab/core/usable-ports";
import type { NetworkNamespace } from "./network-namespace.ts";
import { readOwnSysctls } from "./sysctls.ts";

/** The local ports connect() chooses from. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
  /** Ports of the range that ip_local_reserved_ports does not take away. */
  readonly usable: number;
}

const RANGE = "net.ipv4.ip_local_port_range";
const RESERVED = "net.ipv4.ip_local_reserved_ports";

/** The range of a namespace, the same for IPv4 and IPv6. */
export function readPortRange(namespace: NetworkNamespace): PortRange {
  return namespace.run(readOwnPortRange);
}

/** The range of the namespace that the calling thread is in. */
export function readOwnPortRange(): PortRange {
  const values = readOwnSysctls([RANGE, RESERVED]);
  const [low = 32_768, high = 60_999] = (values[RANGE] ?? "").split(" ").map(Number);
  return {
    low,
    high,
    usable: high - low + 1 - countReservedPorts(values[RESERVED] ?? "", { low, high }),
  };
}
