import { describeSysctl, integer, type SysctlEntry } from "./sysctl-entry.ts";

/** Settings of the local port that connect() and bind() choose. */
export const PORT_SYSCTLS: readonly SysctlEntry[] = [
  describeSysctl(
    "net.ipv4.ip_local_port_range",
    "The local ports that connect() and bind(0) choose from, lowest and highest.",
    {
      default: "32768 60999",
      values: { kind: "port-range" },
      actsOn: "dialler",
      notes: [
        "One range per source address, destination address and destination port, unless bind() takes the port first.",
        "connect() tries ports of one parity first: when half of the range is in use, every call searches " +
          "that half in vain, and takes about a hundred times longer.",
        "The low end may not be below ip_unprivileged_port_start.",
        "The socket option IP_LOCAL_PORT_RANGE (Linux 6.3) narrows it per socket, but cannot leave it.",
      ],
      myths: [
        "Exhaustion shows in netstat -s: no kernel counter moves, only the errno EADDRNOTAVAIL (EADDRINUSE from bind).",
        "A wider range only helps: above half use, and when exhausted, connect() takes longer than with a narrow one.",
      ],
      moves: [
        "ports.range",
        "ports.first_exhausted_ms",
        "failures.EADDRNOTAVAIL",
        "latency.connect.p99",
      ],
    },
  ),
  describeSysctl(
    "net.ipv4.ip_local_reserved_ports",
    "Ports that connect() and bind(0) leave out, as in 8080,9000-9100.",
    {
      default: "",
      values: { kind: "port-list" },
      actsOn: "dialler",
      notes: ["An explicit bind() to a reserved port still works."],
      moves: ["ports.range", "failures.EADDRNOTAVAIL"],
    },
  ),
  describeSysctl(
    "net.ipv4.ip_local_port_step_width",
    "The widest random step by which connect() goes on to another port when one is taken. 0: always to the next.",
    {
      default: "0",
      values: integer(0, 4_294_967_295),
      since: "7.1",
      actsOn: "dialler",
      notes: [
        "Spreads what follows a reserved block over the range (RFC 6056, algorithm 5, varied); every port is still tried.",
      ],
      moves: ["latency.connect.p99"],
    },
  ),
  describeSysctl(
    "net.ipv4.ip_autobind_reuse",
    "1: bind(address, 0) with SO_REUSEADDR may share a port when the range is used up.",
    {
      default: "0",
      values: integer(0, 1),
      since: "5.7",
      actsOn: "dialler",
      notes: ["Acts only on sockets that bind an address before connect()."],
      moves: ["failures.EADDRINUSE", "tcpext.TWRecycled"],
    },
  ),
  describeSysctl(
    "net.ipv4.ip_unprivileged_port_start",
    "The lowest port that a process without CAP_NET_BIND_SERVICE may bind.",
    {
      default: "1024",
      values: integer(0, 65_535),
      notes: ["It may not be above the low end of ip_local_port_range."],
    },
  ),
  describeSysctl(
    "net.ipv4.ip_nonlocal_bind",
    "1: bind() takes addresses that the host does not have.",
    { default: "0", values: integer(0, 255) },
  ),
];
