import { describeSysctl, integer, type SysctlEntry } from "./sysctl-entry.ts";

const FLAG = integer(0, 255);
const BUFFER = { kind: "integers", count: 3 } as const;

/** Settings of the protocol and its buffers that churn feels little of. */
export const PROTOCOL_SYSCTLS: readonly SysctlEntry[] = [
  describeSysctl(
    "net.ipv4.tcp_congestion_control",
    "The congestion control of new connections. A new namespace starts with the host's choice.",
    {
      values: { kind: "text" },
      actsOn: "sender",
      notes: [
        "Only what net.ipv4.tcp_allowed_congestion_control lists may be chosen in a namespace.",
      ],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_rmem",
    "Receive buffer of a connection in bytes: least, initial, most. A new namespace starts with the host's values.",
    { values: BUFFER },
  ),
  describeSysctl(
    "net.ipv4.tcp_wmem",
    "Send buffer of a connection in bytes: least, initial, most. A new namespace starts with the host's values.",
    { values: BUFFER, actsOn: "sender" },
  ),
  describeSysctl("net.ipv4.tcp_sack", "Selective acknowledgements (RFC 2018).", {
    default: "1",
    values: FLAG,
  }),
  describeSysctl("net.ipv4.tcp_window_scaling", "Window scaling (RFC 7323).", {
    default: "1",
    values: FLAG,
  }),
  describeSysctl(
    "net.ipv4.tcp_ecn",
    "Explicit congestion notification: 0 off, 1 asked for and accepted, 2 only accepted.",
    { default: "2", values: integer(0, 2) },
  ),
  describeSysctl(
    "net.ipv4.tcp_no_metrics_save",
    "1: a closing connection does not leave its round trip and threshold to the next one.",
    { default: "0", values: FLAG },
  ),
  describeSysctl(
    "net.ipv4.tcp_slow_start_after_idle",
    "1: a connection that was idle for a retransmission time-out starts slowly again.",
    { default: "1", values: FLAG, actsOn: "sender" },
  ),
  describeSysctl("net.ipv4.tcp_autocorking", "1: small writes may wait to be sent together.", {
    default: "1",
    values: integer(0, 1),
    actsOn: "sender",
  }),
  describeSysctl("net.ipv4.tcp_moderate_rcvbuf", "1: the receive buffer grows by itself.", {
    default: "1",
    values: FLAG,
  }),
  describeSysctl(
    "net.ipv4.tcp_child_ehash_entries",
    "Gives network namespaces created from this one a socket hash of their own, of so many entries; 0: they share the host's.",
    {
      default: "0",
      values: integer(0, 16_777_216),
      since: "6.1",
      notes: [
        "Acts on namespaces created later from this one, not on this one.",
        "tcp_max_tw_buckets and tcp_max_syn_backlog of such a child follow from it.",
      ],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_ehash_entries",
    "Entries of the socket hash. A negative number: the host's table is shared.",
    { scope: "read-only", since: "6.1" },
  ),
  describeSysctl("net.ipv4.tcp_fack", "Does nothing any more; the file is kept.", {
    default: "0",
    values: FLAG,
  }),
];
