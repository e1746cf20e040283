import { ANY_INTEGER, describeSysctl, integer, NATURAL, type SysctlEntry } from "./sysctl-entry.ts";

/** Settings of the SYN queue and the accept queue. */
export const LISTEN_SYSCTLS: readonly SysctlEntry[] = [
  describeSysctl(
    "net.core.somaxconn",
    "Upper limit of the backlog of listen(). The accept queue holds min(backlog, somaxconn) + 1 connections.",
    {
      default: "4096",
      values: NATURAL,
      actsOn: "listener",
      notes: [
        "Read when listen() is called: a change needs a restart of the server.",
        "The default was 128 before Linux 5.4.",
      ],
      moves: ["tcpext.ListenOverflows", "tcpext.ListenDrops", "accept_queue.peak"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_syncookies",
    "0: no SYN cookies. 1: when the SYN queue is full. 2: always.",
    {
      default: "1",
      values: integer(0, 255),
      actsOn: "listener",
      notes: ["With 2 every SYN counts as TCPReqQFullDoCookies, though the SYN queue stays empty."],
      moves: ["tcpext.SyncookiesSent", "tcpext.TCPReqQFullDoCookies", "tcpext.TCPReqQFullDrop"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_max_syn_backlog",
    "When SYN cookies are off: a listener with more half-open connections than three quarters of this drops the SYNs of " +
      "peers it does not know. The default is the larger of 128 and 1/128 of the socket hash.",
    {
      values: ANY_INTEGER,
      actsOn: "listener",
      notes: [
        "Ignored while tcp_syncookies is 1 or 2; the SYN queue is then bounded by min(backlog, somaxconn) + 1.",
        "The last quarter is for peers whose round trip the kernel remembers. What it drops for that is in ListenDrops alone.",
      ],
      myths: ["It is the length of the SYN queue: with the default tcp_syncookies it has no say."],
      moves: ["tcpext.ListenDrops", "tcpext.TCPReqQFullDrop"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_abort_on_overflow",
    "1: a handshake that completes while the accept queue is full is answered with RST instead of silence.",
    {
      default: "0",
      values: integer(0, 255),
      actsOn: "listener",
      notes: [
        "Once the queue is full the SYN itself is dropped earlier: only handshakes already in flight get the RST.",
      ],
      myths: [
        "With 1 an overloaded server refuses its clients: nearly all of them still wait and retry.",
      ],
      moves: ["rst.sent", "tcpext.EmbryonicRsts", "tcpext.ListenOverflows"],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_migrate_req",
    "1: requests of a closed listener move to another socket of its SO_REUSEPORT group.",
    { default: "0", values: integer(0, 1), since: "5.14", actsOn: "listener" },
  ),
  describeSysctl(
    "net.ipv4.tcp_fastopen",
    "TCP Fast Open (RFC 7413) as a bit mask: 1 client, 2 server, and special uses above.",
    { default: "1", values: ANY_INTEGER },
  ),
];
