import { maxOf, minOf } from "@churnlab/core/extremes";
import { nameEnd } from "@churnlab/core/name-end";
import { formatDurationMs } from "@churnlab/core/parse-duration";
import { quantileOfSorted } from "@churnlab/core/quantile";
import { formatCount, formatValue } from "../format-value.ts";

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const PING_SCHEMA_VERSION = 1;

/** What came back to one SYN. */
export interface PingProbe {
  /** From 1. */
  readonly sequence: number;
  readonly answer: "open" | "closed" | "filtered" | "unreachable" | "unsent";
  readonly rttUs: number | null;
  /** `kernel` is exact; `clock` has the cost of connect() and of waking up in it. */
  readonly measuredBy: "kernel" | "clock" | null;
  /** Of an open probe: of the reset that followed at once. */
  readonly errno: string | null;
  /** SYNs beyond the first. */
  readonly retransmitted: number;
}

export interface PingTarget {
  /** As the user wrote it. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** What `churnlab ping --json` prints. Times are null where nothing answered. */
export interface PingDocument {
  readonly schemaVersion: typeof PING_SCHEMA_VERSION;
  readonly target: PingTarget;
  readonly probes: readonly PingProbe[];
  readonly sent: number;
  readonly open: number;
  readonly closed: number;
  readonly filtered: number;
  readonly unreachable: number;
  /** Never left this host: neither sent nor lost. */
  readonly unsent: number;
  /** Of those sent, the share that nothing came back to. */
  readonly loss: number | null;
  /** Of open probes, or of closed ones where none was open: the two are not mixed. */
  readonly rttUs: {
    readonly of: "open" | "closed";
    readonly measuredBy: "kernel" | "clock" | "both";
    readonly min: number;
    readonly median: number;
    readonly p99: number;
    readonly max: number;
  } | null;
}

/** What the probes of a ping say together. */
export function describePing(target: PingTarget, probes: readonly PingProbe[]): PingDocument {
  const count = (answer: PingProbe["answer"]): number =>
    probes.filter((probe) => probe.answer === answer).length;
  const sent = probes.length - count("unsent");
  const lost = count("filtered") + count("unreachable");
  return {
    schemaVersion: PING_SCHEMA_VERSION,
    target,
    probes,
    sent,
    open: count("open"),
    closed: count("closed"),
    filtered: count("filtered"),
    unreachable: count("unreachable"),
    unsent: count("unsent"),
    loss: sent === 0 ? null : lost / sent,
    rttUs: describeTimes(probes, "open") ?? describeTimes(probes, "closed"),
  };
}

function describeTimes(probes: readonly PingProbe[], of: "open" | "closed"): PingDocument["rttUs"] {
  const answered = probes.filter(({ answer }) => answer === of);
  const times = answered.map(({ rttUs }) => rttUs).filter((us) => us !== null);
  if (times.length === 0) return null;
  const sorted = Float64Array.from(times).toSorted();
  const means = new Set(answered.map(({ measuredBy }) => measuredBy ?? "clock"));
  const [only = "clock"] = means;
  return {
    of,
    measuredBy: means.size > 1 ? "both" : only,
    min: minOf(times),
    median: quantileOfSorted(sorted, 0.5),
    p99: quantileOfSorted(sorted, 0.99),
    max: maxOf(times),
  };
}

/** The first line, like that of ping(8). */
export function formatPingTarget({ host, address, port }: PingTarget): string {
  const resolved = host === address ? "" : ` (${address})`;
  return `PING ${nameEnd(host, port)}${resolved}: TCP handshakes, each ended with RST`;
}

/** One line per probe. */
export function formatPingProbe(probe: PingProbe, target: PingTarget): string {
  const end = nameEnd(target.address, target.port);
  const sequence = `seq=${probe.sequence}`;
  const again = probe.retransmitted > 0 ? `, SYN sent ${probe.retransmitted + 1} times` : "";
  const reset = probe.errno === null ? "" : `, then reset (${probe.errno})`;
  switch (probe.answer) {
    case "open":
      return `open      SYN-ACK from ${end}: ${sequence} time=${formatTime(probe)}${again}${reset}`;
    case "closed":
      return `closed    RST from ${end}: ${sequence} time=${formatTime(probe)} (ECONNREFUSED)`;
    case "filtered": {
      const within = formatDurationMs(target.timeoutMs);
      return `filtered  no answer from ${end} within ${within}: ${sequence} (ETIMEDOUT)`;
    }
    case "unreachable":
      return `unreachable  ${end}: ${sequence} (${probe.errno ?? "unknown"})`;
    case "unsent":
      return `not sent  this host could not send a SYN: ${sequence} (${explainUnsent(probe.errno)})`;
  }
}

function explainUnsent(errno: string | null): string {
  if (errno === "EADDRNOTAVAIL") return "EADDRNOTAVAIL: no local port is left";
  if (errno === "ENETUNREACH") return "ENETUNREACH: no route";
  return errno ?? "unknown";
}

function formatTime({ rttUs, measuredBy }: PingProbe): string {
  const clock = measuredBy === "clock" ? " by the clock" : "";
  return formatValue(rttUs, "us") + clock;
}

/** The lines after the last probe. */
export function formatPingSummary(ping: PingDocument): string[] {
  const { target, sent, open, closed, filtered, unreachable, unsent, loss, rttUs } = ping;
  const counts = [
    formatCount(sent, "SYN") + " sent",
    `${open} open`,
    `${closed} closed`,
    `${filtered} filtered`,
    ...(unreachable === 0 ? [] : [`${unreachable} unreachable`]),
    ...(unsent === 0 ? [] : [`${unsent} not sent`]),
    ...(loss === null ? [] : [`loss ${formatValue(loss, "share")}`]),
  ];
  const title = `--- ${nameEnd(target.host, target.port)} ---`;
  if (rttUs === null) return [title, counts.join(", ")];
  const times = [rttUs.min, rttUs.median, rttUs.p99, rttUs.max].map((us) => formatValue(us, "us"));
  return [
    title,
    counts.join(", "),
    `min/median/p99/max ${times.join(" / ")}, ${MEANS[rttUs.measuredBy]}`,
  ];
}

const MEANS = {
  kernel: "measured by the kernel (tcpi_rtt)",
  clock: "by the clock, with the cost of connect() and of waking up",
  both: "some by the kernel (tcpi_rtt), some by the clock",
} as const;
