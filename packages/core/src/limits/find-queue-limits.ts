import { type Find, limit } from "./seen.ts";

/** Roles that accept connections. */
const SERVERS = ["target", "upstream"] as const;

export const findAcceptQueue: Find = (seen) =>
  SERVERS.flatMap((role) =>
    limit(
      role,
      [
        "accept-queue",
        "the accept queue was full: SYNs were dropped and sent again a second later",
      ],
      seen.positive([`${role}.tcpext.ListenOverflows`]),
    ),
  );

/**
 * A cookie is a mark only where it is kept for a full queue: with tcp_syncookies=2 every SYN is answered with one, all of
 * them are counted as TCPReqQFullDoCookies, and the queue stays empty (tcp_syn_flood_action, net/ipv4/tcp_input.c).
 * Without cookies SYNs of strangers are dropped from three quarters of tcp_max_syn_backlog on, which only ListenDrops
 * counts (tcp_conn_request, same file).
 */
export const findSynQueue: Find = (seen) =>
  SERVERS.flatMap((role) => {
    const syncookies = seen.facts[`${role}.net.ipv4.tcp_syncookies`];
    const [drops, full, overflows, cookied] = [
      `${role}.tcpext.ListenDrops`,
      `${role}.tcpext.TCPReqQFullDrop`,
      `${role}.tcpext.ListenOverflows`,
      `${role}.tcpext.TCPReqQFullDoCookies`,
    ] as const;
    const early = syncookies === "0" && seen.of(drops) > seen.of(full) + seen.of(overflows);
    const dropped = seen.positive(early ? [full, drops] : [full]);
    const cookies = syncookies === "2" ? {} : seen.positive([cookied]);
    const meaning =
      Object.keys(dropped).length > 0
        ? "the SYN queue was full: SYNs were dropped"
        : "the SYN queue was full: SYNs were answered with cookies";
    return limit(role, ["syn-queue", meaning], { ...dropped, ...cookies });
  });

/** A full table is refilled as fast as entries end: a look finds it a few short at most. */
const TABLE_FULL_SHARE_MIN = 0.99;
const TABLE_FULL = [
  "conntrack",
  "the connection-tracking table was full: packets were dropped in silence",
] as const;
const TRACKING_DROPS = [
  "unknown",
  "connection tracking dropped packets, and its table was not seen full: the cause is unknown",
] as const;

/**
 * The kernel counts as `drop` every packet that it could not track (nf_conntrack_in and __nf_conntrack_confirm,
 * net/netfilter/nf_conntrack_core.c): a full table is one reason, a lack of memory or a clash of entries another.
 */
export const findConntrack: Find = (seen) =>
  (["client", ...SERVERS] as const).flatMap((role) => {
    const dropped = seen.positive([`${role}.conntrack.dropped`]);
    const [peak, max] = [`${role}.conntrack.peak`, `${role}.conntrack.max`] as const;
    const context = seen.positive([peak, max]);
    const isFull = seen.of(max) > 0 && seen.of(peak) >= TABLE_FULL_SHARE_MIN * seen.of(max);
    const found = limit(role, isFull ? TABLE_FULL : TRACKING_DROPS, dropped);
    return found.map((each) => ({ ...each, evidence: { ...dropped, ...context } }));
  });

export const findTimeWaitBuckets: Find = (seen) =>
  (["client", ...SERVERS] as const).flatMap((role) =>
    limit(
      role,
      [
        "time-wait-buckets",
        "tcp_max_tw_buckets was reached: connections ended without TIME_WAIT's protection",
      ],
      seen.positive([`${role}.tcpext.TCPTimeWaitOverflow`]),
    ),
  );
