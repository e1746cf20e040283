import {
  ALL_TCP_STATES,
  type CounterReader,
  type DestinationUse,
  type DumpResult,
  errnoOf,
  type NetworkNamespace,
  openCounters,
  openCountersOfProcess,
  PortCensus,
  type PortRange,
  ProcTcpTable,
  ResetCapture,
  readPortRange,
  readQueues,
  readSysctls,
  SockDiag,
  type SocketVisitor,
  SystemError,
  TimeWaitAges,
} from "@churnlab/linux";
import type { ListenerReading, WatchReading } from "@churnlab/report/watch";
import { monotonicClock } from "../monotonic-clock.ts";
import type { WatchedHost } from "./find-host.ts";

/** Settings that a forecast or an advice rests on. */
const SYSCTLS = [
  "net.core.somaxconn",
  "net.ipv4.tcp_max_syn_backlog",
  "net.ipv4.tcp_max_tw_buckets",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_timestamps",
  "net.ipv4.tcp_tw_reuse",
  "net.ipv4.tcp_tw_reuse_delay",
  "net.netfilter.nf_conntrack_max",
] as const;

/** More than are shown, so that one that grows has been followed before it is seen. */
const DESTINATIONS_FOLLOWED = 20;
/** Resets that can wait between two readings: 4000 in a second, in 1 MiB. More are counted as lost. */
const CAPTURE_FRAMES = 4096;
const ALL_PORTS = { low: 1, high: 65_535 };

interface SocketTable {
  dump(states: number, visitor: SocketVisitor): DumpResult;
}

export interface HostReaderOptions {
  /** Whether resets that arrive are counted, by a filter on every packet. */
  readonly capture: boolean;
}

/** Reads a host again and again. Nothing on it is changed. */
export class HostReader implements Disposable {
  readonly #host: WatchedHost;
  readonly #counters: CounterReader;
  readonly #diag: SockDiag | null;
  readonly #table: SocketTable;
  readonly #capture: ResetCapture | null;
  readonly #notes: string[] = [];
  #followed: readonly DestinationUse[] = [];

  /** Throws `SystemError`, or what `host.requireAlive` does. */
  constructor(host: WatchedHost, { capture }: HostReaderOptions) {
    this.#host = host;
    const { namespace, pid } = host;
    if (namespace === null && pid === null)
      throw new Error("A host needs a namespace or a process");
    this.#counters = namespace === null ? openCountersOfProcess(pid ?? 0) : openCounters(namespace);
    this.#diag = namespace === null ? null : new SockDiag(namespace);
    this.#table = this.#diag ?? new ProcTcpTable(pid ?? 0);
    this.#capture = namespace !== null && capture ? this.#openCapture(namespace) : null;
    if (namespace === null) this.#notes.push(describeOutside(pid ?? 0));
    else if (!capture) this.#notes.push("resets that arrive are not counted: --no-capture");
    const { absent } = this.#counters;
    if (absent.length > 0) this.#notes.push(`this kernel has no counter ${absent.join(", ")}`);
  }

  /** Throws `E_HOST_GONE`, `SystemError`. */
  read(): WatchReading {
    this.#host.requireAlive();
    try {
      return this.#readAll();
    } catch (error) {
      // Whatever failed because the host went away while it was read is told as that.
      this.#host.requireAlive();
      throw error;
    }
  }

  close(): void {
    this.#counters.close();
    this.#diag?.close();
    this.#capture?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readAll(): WatchReading {
    const { namespace } = this.#host;
    const range = namespace === null ? null : readPortRange(namespace);
    const counters = this.#counters.read();
    this.#capture?.drain();
    const atMs = monotonicClock.nowMs();
    const { census, ages, listeners, interrupted } = this.#dump(range);
    const destinations = census.busiest(DESTINATIONS_FOLLOWED);
    const followed = new Map(this.#followed.map((each, index) => [keyOf(each), ages.of(index)]));
    this.#followed = destinations;
    return {
      atMs,
      unixMs: monotonicClock.unixMs(),
      counters,
      states: census.states(),
      destinations: destinations.map((each) => ({
        ...each,
        timeWaitLeft: followed.get(keyOf(each)) ?? null,
      })),
      timeWaitLeft: ages.total(),
      listeners,
      range,
      sysctls: namespace === null ? {} : readSysctls(namespace, SYSCTLS),
      resetsReceived: this.#capture?.counts.received ?? null,
      resetsLost: this.#capture?.readLost() ?? 0,
      notes: interrupted ? [...this.#notes, CHANGED_WHILE_READ] : [...this.#notes],
    };
  }

  #dump(range: PortRange | null): {
    census: PortCensus;
    ages: TimeWaitAges;
    listeners: ListenerReading[];
    interrupted: boolean;
  } {
    const { listeners } = readQueues(this.#table);
    const census = new PortCensus(range ?? ALL_PORTS);
    census.setListeningPorts(listeners.map(({ port }) => port));
    const ages = new TimeWaitAges(this.#followed, range ?? ALL_PORTS);
    const { interrupted } = this.#table.dump(ALL_TCP_STATES, both(census, ages));
    const limited = this.#diag !== null;
    return {
      census,
      ages,
      listeners: listeners.map((each) => ({ ...each, limit: limited ? each.limit : null })),
      interrupted,
    };
  }

  #openCapture(namespace: NetworkNamespace): ResetCapture | null {
    try {
      return new ResetCapture(namespace, { keep: 0, sent: false, frames: CAPTURE_FRAMES });
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#notes.push(
        `resets that arrive are not counted (${errnoOf(error)}): that takes CAP_NET_RAW over the namespace`,
      );
      return null;
    }
  }
}

const CHANGED_WHILE_READ =
  "the kernel's table of sockets changed while it was read: counts may be off by a few";

function describeOutside(pid: number): string {
  return (
    `this user may not enter the namespace of process ${pid} (that takes CAP_SYS_ADMIN): the port range, the limits of ` +
    "queues and tables, and resets that arrive are not seen, so there is no forecast"
  );
}

function both(first: SocketVisitor, second: SocketVisitor): SocketVisitor {
  return {
    begin() {
      first.begin();
      second.begin();
    },
    visit(words, at) {
      first.visit(words, at);
      second.visit(words, at);
    },
  };
}

function keyOf({ source, destination, destinationPort }: DestinationUse): string {
  return `${source} ${destination} ${destinationPort}`;
}
