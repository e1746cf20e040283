import { describeSysctl, type SysctlEntry } from "./sysctl-entry.ts";

function hostWide(name: string, meaning: string, notes: readonly string[] = []): SysctlEntry {
  return describeSysctl(name, meaning, { scope: "host", notes });
}

/** Settings that the whole machine shares: no trial may change them. */
export const HOST_SYSCTLS: readonly SysctlEntry[] = [
  hostWide("net.ipv4.tcp_mem", "Memory of all TCP sockets in pages: low, pressure, high."),
  hostWide(
    "net.ipv4.tcp_max_orphans",
    "Most closed sockets that still have something to send; above it they are reset.",
  ),
  hostWide("net.ipv4.tcp_low_latency", "Does nothing since Linux 4.14."),
  hostWide(
    "net.core.netdev_max_backlog",
    "Packets that a processor may queue before it drops them. veth and loopback pass through it.",
  ),
  hostWide("net.core.netdev_budget", "Packets that one round of NAPI polling may take."),
  hostWide("net.core.netdev_budget_usecs", "Time that one round of NAPI polling may take."),
  hostWide("net.core.dev_weight", "Packets that one device may take in a round of NAPI polling."),
  hostWide("net.core.busy_poll", "Busy polling of select and poll."),
  hostWide("net.core.busy_read", "Busy polling of socket reads."),
  hostWide("net.core.default_qdisc", "The queueing discipline of new devices."),
  ...["rmem_max", "wmem_max", "rmem_default", "wmem_default"].map((name) =>
    describeSysctl(`net.core.${name}`, "Socket buffers of the host, visible in every namespace.", {
      scope: "read-only",
    }),
  ),
  describeSysctl(
    "net.ipv4.tcp_allowed_congestion_control",
    "Congestion controls that may be chosen without CAP_NET_ADMIN.",
    { scope: "read-only" },
  ),
  describeSysctl(
    "net.ipv4.tcp_available_congestion_control",
    "Congestion controls that the kernel has loaded.",
    { scope: "read-only" },
  ),
];
