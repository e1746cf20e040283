import { describeSysctl, integer, NATURAL, type SysctlEntry } from "./sysctl-entry.ts";

const SECONDS = integer(0, 2_147_483, "s");
const NEEDS_RULE = "Nothing is tracked in a namespace until a rule asks for it.";

function timeout(state: string, seconds: string, meaning: string): SysctlEntry {
  return describeSysctl(`net.netfilter.nf_conntrack_tcp_timeout_${state}`, meaning, {
    default: seconds,
    values: SECONDS,
    notes: [NEEDS_RULE],
    moves: ["conntrack.peak", "conntrack.dropped"],
  });
}

/** Settings of connection tracking. */
export const CONNTRACK_SYSCTLS: readonly SysctlEntry[] = [
  timeout(
    "time_wait",
    "120",
    "How long the table keeps a closed connection: twice the socket's TIME_WAIT.",
  ),
  timeout("close", "10", "How long the table keeps a connection that was reset."),
  timeout("established", "432000", "How long the table keeps an idle connection: five days."),
  timeout("fin_wait", "120", "How long the table keeps a connection after its first FIN."),
  timeout("close_wait", "60", "How long the table keeps a connection that one side has closed."),
  timeout("last_ack", "30", "How long the table waits for the last acknowledgement."),
  timeout("syn_sent", "120", "How long the table keeps a SYN without an answer."),
  timeout("syn_recv", "60", "How long the table keeps a handshake that is not complete."),
  timeout("max_retrans", "300", "How long the table keeps a connection that repeats itself."),
  timeout(
    "unacknowledged",
    "300",
    "How long the table keeps a connection with unacknowledged data.",
  ),
  describeSysctl(
    "net.netfilter.nf_conntrack_tcp_loose",
    "1: connections that were open before tracking began are picked up.",
    { default: "1", values: integer(0, 1), notes: [NEEDS_RULE] },
  ),
  describeSysctl(
    "net.netfilter.nf_conntrack_tcp_be_liberal",
    "1: segments outside the window are not marked invalid.",
    { default: "0", values: integer(0, 1), notes: [NEEDS_RULE] },
  ),
  describeSysctl(
    "net.netfilter.nf_conntrack_max",
    "Most entries of the tracking table: one number for the host, compared with each namespace's own count.",
    {
      scope: "read-only",
      values: NATURAL,
      myths: [
        "A full table resets or refuses: new SYNs are dropped in silence, and connect() times out.",
      ],
      moves: ["conntrack.peak", "conntrack.dropped"],
    },
  ),
  describeSysctl("net.netfilter.nf_conntrack_buckets", "Buckets of the tracking table.", {
    scope: "read-only",
  }),
  describeSysctl("net.netfilter.nf_conntrack_count", "Entries in the tracking table now.", {
    scope: "read-only",
  }),
];
