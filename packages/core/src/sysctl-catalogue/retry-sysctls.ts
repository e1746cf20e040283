import { describeSysctl, integer, type SysctlEntry } from "./sysctl-entry.ts";

const SECONDS = integer(0, 2_147_483, "s");

/** Settings of what is sent again, and of when to give up. */
export const RETRY_SYSCTLS: readonly SysctlEntry[] = [
  describeSysctl(
    "net.ipv4.tcp_syn_retries",
    "How often connect() repeats its SYN after the linear ones, doubling the wait.",
    {
      default: "6",
      values: integer(1, 127),
      actsOn: "dialler",
      notes: [
        "With tcp_syn_linear_timeouts at 4, the default gives 10 repetitions and ETIMEDOUT after 133 s, measured; the waits add up to 131 s.",
      ],
      myths: ["N means N repetitions: since Linux 6.5 the linear ones come on top."],
      moves: ["tcpext.TCPSynRetrans", "failures.ETIMEDOUT", "latency.connect.max"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_syn_linear_timeouts",
    "How many repetitions of a SYN come 1 s apart before the wait doubles.",
    {
      default: "4",
      values: integer(0, 127),
      since: "6.5",
      actsOn: "dialler",
      moves: ["tcpext.TCPSynRetrans", "latency.connect.max"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_synack_retries",
    "How often a listener repeats its SYN-ACK. The default 5 keeps a half-open connection for 65.5 s, measured.",
    { default: "5", values: integer(0, 255), actsOn: "listener", moves: ["tcpext.TCPSynRetrans"] },
  ),
  describeSysctl(
    "net.ipv4.tcp_orphan_retries",
    "How often a closed socket repeats what the peer has not acknowledged. 0 stands for 8.",
    {
      default: "0",
      values: integer(0, 255),
      actsOn: "sender",
      myths: ["0 means no repetition: it means 8, about 106 s."],
      moves: ["tcpext.TCPAbortOnTimeout"],
    },
  ),
  describeSysctl("net.ipv4.tcp_retries1", "Repetitions after which the route is checked anew.", {
    default: "3",
    values: integer(0, 255),
    actsOn: "sender",
  }),
  describeSysctl(
    "net.ipv4.tcp_retries2",
    "Sets how long unacknowledged data is repeated before the connection ends: the time that so many doubling " +
      "waits would take. The default 15 is at least 924 s.",
    {
      default: "15",
      values: integer(0, 255),
      actsOn: "sender",
      moves: ["tcpext.TCPAbortOnTimeout", "failures.ETIMEDOUT"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_keepalive_time",
    "Idle time before the first keep-alive probe, of sockets with SO_KEEPALIVE.",
    { default: "7200", values: SECONDS, notes: ["Has nothing to do with HTTP keep-alive."] },
  ),
  describeSysctl("net.ipv4.tcp_keepalive_intvl", "Time between keep-alive probes.", {
    default: "75",
    values: SECONDS,
  }),
  describeSysctl(
    "net.ipv4.tcp_keepalive_probes",
    "Keep-alive probes without an answer before the connection is reset.",
    { default: "9", values: integer(0, 255) },
  ),
  describeSysctl(
    "net.ipv4.tcp_rto_min_us",
    "Shortest time before unacknowledged data is sent again.",
    { default: "200000", values: integer(1, 2_147_483_647, "us"), since: "6.11", actsOn: "sender" },
  ),
  describeSysctl("net.ipv4.tcp_rto_max_ms", "Longest time between two repetitions.", {
    default: "120000",
    values: integer(1000, 120_000, "ms"),
    since: "6.15",
    actsOn: "sender",
  }),
  describeSysctl(
    "net.ipv4.tcp_invalid_ratelimit",
    "Least time between two answers to segments that fit no window, in TIME_WAIT too.",
    {
      default: "500",
      values: integer(0, 2_147_483_647, "ms"),
      moves: ["tcpext.TCPACKSkippedTimeWait", "tcpext.TCPChallengeACK"],
    },
  ),
];
