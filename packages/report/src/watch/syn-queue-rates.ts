import type { Rates } from "./rates.ts";

export interface SynQueueRates {
  /** SYNs that were answered with a cookie, because the queue was full. */
  readonly cookiesPerS: number | null;
  /** SYNs that were dropped by a full queue. */
  readonly droppedPerS: number | null;
  /** SYNs of peers that the kernel does not know, dropped by a queue that is full to three quarters. */
  readonly droppedEarlyPerS: number | null;
}

/**
 * What a SYN queue did to SYNs, as tcp_conn_request (net/ipv4/tcp_input.c) counts it. With tcp_syncookies=2 every SYN is
 * counted as one that met a full queue, which then says nothing of the queue. With 0 a queue that holds more than three
 * quarters of tcp_max_syn_backlog takes SYNs of peers with a remembered round trip alone; the others are dropped, and
 * ListenDrops is the only counter of them, so they are what no other counter of drops explains.
 */
export function measureSynQueue(
  rates: Rates,
  sysctls: Readonly<Record<string, string>>,
): SynQueueRates {
  const syncookies = sysctls["net.ipv4.tcp_syncookies"];
  return {
    cookiesPerS: syncookies === "2" ? null : rates.perS("tcpext.TCPReqQFullDoCookies"),
    droppedPerS: rates.perS("tcpext.TCPReqQFullDrop"),
    droppedEarlyPerS: syncookies === "0" ? measureUnexplainedDrops(rates) : null,
  };
}

function measureUnexplainedDrops(rates: Rates): number | null {
  const drops = rates.perS("tcpext.ListenDrops");
  const explained = rates.sumPerS("tcpext.TCPReqQFullDrop", "tcpext.ListenOverflows");
  if (drops === null || explained === null) return null;
  return Math.max(0, drops - explained);
}
