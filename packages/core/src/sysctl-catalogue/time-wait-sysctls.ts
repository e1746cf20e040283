import { ANY_INTEGER, describeSysctl, integer, type SysctlEntry } from "./sysctl-entry.ts";

/** Settings of TIME_WAIT and of the way to it. */
export const TIME_WAIT_SYSCTLS: readonly SysctlEntry[] = [
  describeSysctl(
    "net.ipv4.tcp_tw_reuse",
    "Lets connect() take over the port pair of a TIME_WAIT socket that is older than tcp_tw_reuse_delay: " +
      "0 never, 1 always, 2 on loopback only.",
    {
      default: "2",
      values: integer(0, 2),
      actsOn: "dialler",
      notes: [
        "Acts on the side that dials, on TIME_WAIT that exists already too; on the accepting side it does nothing.",
        "Needs TCP timestamps on both ends.",
        "Does nothing when the port is reserved by bind() before connect(), unless IP_BIND_ADDRESS_NO_PORT is set.",
        "The value 2, and 2 as the default, came with Linux 4.19.",
      ],
      myths: [
        "It makes a server with many TIME_WAIT sockets faster: a server's TIME_WAIT yields to a new SYN anyway.",
        "A test on 127.0.0.1 shows what it does: there the default 2 already reuses, elsewhere it does not.",
      ],
      moves: ["tcpext.TWRecycled", "failures.EADDRNOTAVAIL", "connections.rate", "time_wait.peak"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_tw_reuse_delay",
    "How long a socket must have been in TIME_WAIT before tcp_tw_reuse may take over its ports.",
    {
      default: "1000",
      values: integer(1, 60_000, "ms"),
      since: "6.14",
      actsOn: "dialler",
      notes: ["Before Linux 6.14 the delay was 1 s, in whole seconds of the timestamp clock."],
      moves: ["connections.rate", "tcpext.TWRecycled", "failures.EADDRNOTAVAIL"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_max_tw_buckets",
    "Most TIME_WAIT sockets of the namespace. A connection that closes above it is simply gone. " +
      "The default is half of the socket hash, tcp_ehash_entries.",
    {
      values: ANY_INTEGER,
      actsOn: "first-closer",
      notes: [
        "Lowering it removes nothing that exists; it only refuses more.",
        "Above it the protection of TIME_WAIT is lost: a repeated FIN is answered with RST.",
      ],
      myths: [
        "The kernel prints a warning when it is exceeded: only TcpExt.TCPTimeWaitOverflow moves.",
        "The default is 180000 or 262144: it follows from the memory of the machine.",
      ],
      moves: ["tcpext.TCPTimeWaitOverflow", "time_wait.peak", "tcpext.TW"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_fin_timeout",
    "How long an orphaned connection waits in FIN_WAIT2 for the peer's FIN. TIME_WAIT lasts 60 s whatever it says.",
    {
      default: "60",
      values: integer(0, 2_147_483, "s"),
      actsOn: "first-closer",
      notes: [
        "Above 60 the wait is 2·(T−60) seconds: 61 gives 2 s, 90 gives 60 s, 120 gives 120 s.",
        "Acts only where the peer delays or never sends its FIN, and the application has closed the socket.",
        "FIN_WAIT2 of closed sockets counts in the TIME_WAIT gauge of /proc/net/sockstat.",
      ],
      myths: [
        "It shortens TIME_WAIT: that length is compiled in (TCP_TIMEWAIT_LEN).",
        "A larger value always keeps FIN_WAIT2 longer.",
      ],
      moves: ["time_wait.plateau"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_timestamps",
    "TCP timestamps (RFC 7323): 0 off, 1 with a random offset per connection, 2 without the offset.",
    {
      default: "1",
      values: integer(0, 255),
      notes: [
        "Both ends must have them for a connection to carry them.",
        "Without them tcp_tw_reuse reuses nothing.",
      ],
      moves: ["tcpext.TWRecycled", "failures.EADDRNOTAVAIL"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_rfc1337",
    "1: a RST that hits a TIME_WAIT socket is ignored (RFC 1337). 0: it ends the TIME_WAIT.",
    {
      default: "0",
      values: integer(0, 255),
      actsOn: "first-closer",
      notes: [
        "With 1, a client behind NAT whose clock is behind can be locked out for as long as it retries.",
      ],
      myths: [
        "ip-sysctl.rst says that 0 prevents TIME_WAIT assassination: it is the other way round.",
      ],
      moves: ["time_wait.plateau"],
    },
  ),
];
