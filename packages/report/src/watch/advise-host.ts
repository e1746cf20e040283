import { nameEnd } from "@churnlab/core/name-end";
import { formatNumber, formatValue } from "../format-value.ts";
import type { Rates } from "./rates.ts";
import { measureSynQueue } from "./syn-queue-rates.ts";
import type { Advice, WatchDocument, WatchedDestination } from "./watch-document.ts";

type Seen = Omit<WatchDocument, "advice" | "notes">;

interface Facts {
  readonly sysctls: Readonly<Record<string, string>>;
  readonly rates: Rates;
}

type Adviser = (seen: Seen, facts: Facts) => Advice[];

/** What runs short on a host and what would help, each told by its mark. Empty when nothing does. */
export function adviseHost(seen: Seen, facts: Facts): Advice[] {
  return ADVISERS.flatMap((advise) => advise(seen, facts));
}

/** A forecast further away than this is no reason to act. */
const SOON_MS = 10 * 60_000;
/** From here on something that fills up is worth a word. */
const NEARLY_FULL = 0.9;
const CLOSE_WAIT_SHARE = 0.1;

const advisePorts: Adviser = ({ destinations }, { sysctls }) => {
  const worst = destinations.filter(isShort).toSorted((a, b) => (b.share ?? 0) - (a.share ?? 0))[0];
  if (worst === undefined) return [];
  const timeWait = worst.states["TIME_WAIT"] ?? 0;
  if (timeWait * 2 >= worst.ports) return [adviseTimeWait(worst, sysctls)];
  return [adviseOpen(worst)];
};

function isShort({ share, outlook, reusable, ports }: WatchedDestination): boolean {
  if (outlook.kind === "exhausted") return true;
  if (outlook.kind === "exhausts") return outlook.inMs <= SOON_MS;
  // What connect() takes over at once is not short, however many there are.
  return share !== null && share >= 0.5 && reusable * 2 < ports;
}

const REUSE = "net.ipv4.tcp_tw_reuse";
const DELAY = "net.ipv4.tcp_tw_reuse_delay";
const RANGE = "net.ipv4.ip_local_port_range";
const TIMESTAMPS = "net.ipv4.tcp_timestamps";

const MORE_PORTS =
  `A wider ${RANGE} here or more source addresses give more ports; past half of a wide range connect() ` +
  "searches longer, and a port in the range may be taken before a server wants to listen on it.";
const NEVER_RECYCLE = "Never tcp_tw_recycle: it broke clients behind NAT and left Linux in 4.12.";

function adviseTimeWait(
  { destination, destinationPort, states }: WatchedDestination,
  sysctls: Facts["sysctls"],
): Advice {
  const cause =
    `${formatNumber(states["TIME_WAIT"] ?? 0)} of the ports towards ${nameEnd(destination, destinationPort)} are in ` +
    "TIME_WAIT, because this host dials and closes first: keep connections alive, or let the other side close.";
  const [reuse, changed] = adviseReuse(sysctls);
  return {
    resource: "ports",
    sentences: [cause, reuse, `${MORE_PORTS} ${NEVER_RECYCLE}`],
    sysctls: [...changed, RANGE],
  };
}

function adviseReuse(sysctls: Facts["sysctls"]): [sentence: string, sysctls: string[]] {
  if (sysctls[TIMESTAMPS] === "0") {
    return [
      `${TIMESTAMPS} is 0 here, so tcp_tw_reuse reuses nothing: both need to be 1, at the cost of 12 bytes per segment.`,
      [TIMESTAMPS, REUSE],
    ];
  }
  if (sysctls[REUSE] === "1") {
    const delay = sysctls[DELAY] ?? "1000";
    return [
      `tcp_tw_reuse is 1 already: a port comes back after ${delay} ms, unless the other end has no TCP timestamps or ` +
        `bind() chose the port. A shorter ${DELAY} gives more per second, and less protection from late segments.`,
      [DELAY],
    ];
  }
  return [
    `${REUSE}=1 acts here, on the side that dials: connect() takes over TIME_WAIT older than 1 s, if both ends have TCP ` +
      "timestamps and the port was not chosen by bind(); what protects from late segments is then the timestamp alone.",
    [REUSE],
  ];
}

function adviseOpen({ destination, destinationPort, ports, states }: WatchedDestination): Advice {
  const end = nameEnd(destination, destinationPort);
  const closeWait = states["CLOSE_WAIT"] ?? 0;
  if (closeWait >= ports * CLOSE_WAIT_SHARE) {
    const leak =
      `${formatNumber(closeWait)} of the ports towards ${end} are in CLOSE_WAIT: the other side has closed and the ` +
      "program here has not. No sysctl helps; the program leaks sockets.";
    return { resource: "ports", sentences: [leak], sysctls: [] };
  }
  const cause =
    `The ports towards ${end} are held by open connections, not by TIME_WAIT, so tcp_tw_reuse changes nothing: ` +
    "share connections in a pool, or spread them over more addresses.";
  return { resource: "ports", sentences: [cause, MORE_PORTS], sysctls: [RANGE] };
}

const adviseAcceptQueue: Adviser = ({ listen, listeners }) => {
  const full = listeners.find(({ depth, limit }) => limit !== null && depth > limit);
  if (!isPositive(listen.overflowsPerS) && full === undefined) return [];
  const which = full === undefined ? "" : ` of ${nameEnd(full.address, full.port)}`;
  const sentence =
    `The accept queue${which} overflows: SYNs are dropped and come again a second later. The program here must accept() ` +
    "faster; a longer backlog in listen(), capped by net.core.somaxconn when the program starts, only absorbs bursts.";
  return [{ resource: "accept-queue", sentences: [sentence], sysctls: ["net.core.somaxconn"] }];
};

const COOKIES = "net.ipv4.tcp_syncookies";
const SYN_BACKLOG = "net.ipv4.tcp_max_syn_backlog";
const COOKIES_HELP = `${COOKIES}=1 here answers them without keeping state, at the cost of TCP options for clients without timestamps`;

const adviseSynQueue: Adviser = (_seen, { sysctls, rates }) => {
  const { cookiesPerS, droppedPerS, droppedEarlyPerS } = measureSynQueue(rates, sysctls);
  // Whichever bound is met first drops nearly all of them.
  if (isPositive(droppedEarlyPerS) && (droppedEarlyPerS ?? 0) > (droppedPerS ?? 0)) {
    return ofSynQueue(describeEarlyDrops(sysctls), [COOKIES, SYN_BACKLOG]);
  }
  if (isPositive(droppedPerS)) {
    const sentence = `The SYN queue is full and SYNs are dropped: ${COOKIES_HELP}.`;
    return ofSynQueue(sentence, sysctls[COOKIES] === "1" ? [] : [COOKIES]);
  }
  if (!isPositive(cookiesPerS)) return [];
  const sentence =
    "The SYN queue is full and cookies are sent: a flood, or clients far away. A longer backlog in listen() keeps more " +
    "handshakes; tcp_max_syn_backlog does nothing while tcp_syncookies is on.";
  return ofSynQueue(sentence, []);
};

function ofSynQueue(sentence: string, sysctls: readonly string[]): Advice[] {
  return [{ resource: "syn-queue", sentences: [sentence], sysctls }];
}

/** The kernel keeps the last quarter for peers whose round trip it remembers (tcp_conn_request, net/ipv4/tcp_input.c). */
function describeEarlyDrops(sysctls: Facts["sysctls"]): string {
  const max = Number(sysctls[SYN_BACKLOG]);
  const bound = Number.isFinite(max)
    ? `${formatNumber(max - Math.floor(max / 4))} of ${formatNumber(max)}`
    : "three quarters of it";
  return (
    `SYNs are dropped before the SYN queue is full: without cookies one that holds more than three quarters of ` +
    `tcp_max_syn_backlog, ${bound}, takes no SYN but of peers this host has talked to. ${COOKIES_HELP}; a higher ` +
    `${SYN_BACKLOG} moves the bound, up to the backlog in listen().`
  );
}

const adviseConntrack: Adviser = ({ conntrack }) => {
  if (conntrack === null) return [];
  const { entries, share, droppedPerS, evictedPerS } = conntrack;
  const ofMax = share === null ? "" : ` (${formatValue(share, "share")})`;
  const holds = `${formatNumber(entries)} entries${ofMax}`;
  // Entries are evicted from a full table only; packets are dropped for other reasons too.
  if ((share ?? 0) >= NEARLY_FULL || isPositive(evictedPerS)) {
    const sentence =
      `The connection-tracking table holds ${holds}; above its limit entries of unanswered connections are evicted, ` +
      "and where there are none packets are dropped in silence. net.netfilter.nf_conntrack_max is one number for the " +
      "host and costs about 300 bytes per entry; nf_conntrack_tcp_timeout_time_wait, 120 s, may be shorter here, where " +
      "it is more than the socket itself waits.";
    return ofConntrack(sentence, [
      "net.netfilter.nf_conntrack_max",
      "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
    ]);
  }
  if (!isPositive(droppedPerS)) return [];
  const sentence =
    `Connection tracking drops packets in silence, though its table holds only ${holds}: the cause is unknown, and a ` +
    "higher net.netfilter.nf_conntrack_max helps only if it was full for a moment. The kernel's log says so when it is.";
  return ofConntrack(sentence, []);
};

function ofConntrack(sentence: string, sysctls: readonly string[]): Advice[] {
  return [{ resource: "conntrack", sentences: [sentence], sysctls }];
}

const adviseBuckets: Adviser = ({ timeWait }) => {
  if (!isPositive(timeWait.refusedPerS) && (timeWait.share ?? 0) < NEARLY_FULL) return [];
  const sentence =
    "tcp_max_tw_buckets is reached or nearly so: above it connections end without TIME_WAIT's protection, and a repeated " +
    "FIN is answered with RST. A higher value here costs 256 to 512 bytes per socket, and nothing else.";
  return [
    {
      resource: "time-wait-buckets",
      sentences: [sentence],
      sysctls: ["net.ipv4.tcp_max_tw_buckets"],
    },
  ];
};

/** Resets that a program here causes, by the counters that tell why. */
const RESET_CAUSES = [
  [
    "tcpext.TCPAbortOnClose",
    "Connections are closed here with data unread, which sends RST: the program should read to the end before close().",
  ],
  [
    "tcpext.TCPAbortOnData",
    "Connections are reset here by SO_LINGER of zero, or because data came for a closed socket: the program's choice, not the kernel's.",
  ],
] as const;

const adviseResets: Adviser = (_seen, { rates }) =>
  RESET_CAUSES.filter(([counter]) => isPositive(rates.perS(counter))).map(([, sentence]) => ({
    resource: "resets",
    sentences: [sentence],
    sysctls: [],
  }));

const ADVISERS: readonly Adviser[] = [
  advisePorts,
  adviseAcceptQueue,
  adviseSynQueue,
  adviseConntrack,
  adviseBuckets,
  adviseResets,
];

function isPositive(rate: number | null): boolean {
  return rate !== null && rate > 0;
}
