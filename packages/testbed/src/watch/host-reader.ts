import type { Clock, EarlierReading, WatchReading } from "@churnlab/core";
import {
  ALL_TCP_STATES,
  type CounterReader,
  errnoOf,
  type NetworkNamespace,
  openCounters,
  openCountersOfProcess,
  PortCensus,
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
import { describeCensus } from "./describe-census.ts";
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

/** More than are shown, so that what is shown can be compared with an earlier reading. */
const DESTINATIONS_FOLLOWED = 20;
/** Resets that can wait between two readings: 4000 in a second, in 1 MiB. More are counted as lost. */
const CAPTURE_FRAMES = 4096;
const ALL_PORTS = { low: 1, high: 65_535 };

/** What is seen of the sockets and of the settings, without any counter. */
type SocketReading = Omit<WatchReading, keyof EarlierReading | "unixMs" | "resetsLost"> &
  Pick<WatchReading, "destinations">;

interface SocketTable {
  dump(states: number, visitor: SocketVisitor): void;
}

/** How a host is looked at. */
export interface HostReaderOptions {
  /**
   * Whether resets that arrive are counted, by a filter on every packet. Not for one look: its window holds few, and the
   * kernel takes tens of milliseconds to end a capture.
   */
  readonly capture: boolean;
  readonly once?: boolean | undefined;
  readonly clock: Pick<Clock, "nowMs" | "unixMs">;
}

/** Reads a host again and again. Nothing on it is changed. */
export class HostReader implements Disposable {
  readonly #host: WatchedHost;
  readonly #clock: HostReaderOptions["clock"];
  readonly #held: DisposableStack;
  readonly #counters: CounterReader;
  readonly #diag: SockDiag | null;
  readonly #table: SocketTable;
  readonly #capture: ResetCapture | null;
  readonly #notes: string[] = [];

  /** Throws `SystemError`, or what `host.requireAlive` does. */
  constructor(host: WatchedHost, { capture, once = false, clock }: HostReaderOptions) {
    this.#host = host;
    this.#clock = clock;
    const { namespace, pid } = host;
    if (namespace === null && pid === null)
      throw new Error("A host needs a namespace or a process");
    using opened = new DisposableStack();
    this.#counters = opened.use(
      namespace === null ? openCountersOfProcess(pid ?? 0) : openCounters(namespace),
    );
    this.#diag = opened.use(namespace === null ? null : new SockDiag(namespace));
    this.#table = this.#diag ?? new ProcTcpTable(pid ?? 0);
    const captures = namespace !== null && capture && !once;
    this.#capture = opened.use(captures ? this.#openCapture(namespace) : null);
    if (namespace === null) this.#notes.push(describeOutside(pid ?? 0));
    else if (once) this.#notes.push("resets that arrive are counted without --once only");
    else if (!capture) this.#notes.push("resets that arrive are not counted: --no-capture");
    const { absent } = this.#counters;
    if (absent.length > 0) this.#notes.push(`this kernel has no counter ${absent.join(", ")}`);
    this.#held = opened.move();
  }

  /** Throws `E_HOST_GONE`, `SystemError`. */
  read(): WatchReading {
    return this.complete(this.readSockets());
  }

  /** The part of a reading that takes its time. Throws as `read` does. */
  readSockets(): SocketReading {
    return this.#whileAlive(() => this.#readSockets());
  }

  /** The reading that sockets are part of, with the counters of now. Throws as `read` does. */
  complete(sockets: SocketReading): WatchReading {
    return this.#whileAlive(() => ({
      ...this.#readCounters(),
      unixMs: this.#clock.unixMs(),
      ...sockets,
      resetsLost: this.#capture?.readLost() ?? 0,
    }));
  }

  /** As far as rates need an earlier reading, which takes no look at the sockets. Throws as `read` does. */
  readEarlier(): EarlierReading {
    return this.#whileAlive(() => ({ ...this.#readCounters(), destinations: [] }));
  }

  close(): void {
    this.#held.dispose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #whileAlive<T>(read: () => T): T {
    this.#host.requireAlive();
    try {
      return read();
    } catch (error) {
      // Whatever failed because the host went away while it was read is told as that.
      this.#host.requireAlive();
      throw error;
    }
  }

  #readCounters(): Omit<EarlierReading, "destinations"> {
    this.#capture?.drain();
    return {
      atMs: this.#clock.nowMs(),
      counters: this.#counters.read(),
      resetsReceived: this.#capture?.counts.received ?? null,
    };
  }

  #readSockets(): SocketReading {
    const { namespace } = this.#host;
    const range = namespace === null ? null : readPortRange(namespace);
    const { listeners } = readQueues(this.#table);
    const census = new PortCensus(range ?? ALL_PORTS);
    census.setListeningPorts(listeners.map(({ port }) => port));
    const ages = new TimeWaitAges(range ?? ALL_PORTS);
    this.#table.dump(ALL_TCP_STATES, both(census, ages));
    const destinations = census.busiest(DESTINATIONS_FOLLOWED);
    const left = ages.ofDestinations(destinations);
    const hasLimits = this.#diag !== null;
    return {
      states: census.states(),
      destinations: destinations.map((each, index) => ({
        ...each,
        timeWaitLeft: left[index] ?? [],
      })),
      timeWaitLeft: ages.total(),
      listeners: listeners.map(({ address, port, depth, limit }) => {
        return { address, port, depth, limit: hasLimits ? limit : null };
      }),
      range,
      sysctls: namespace === null ? {} : readSysctls(namespace, SYSCTLS),
      notes: [...this.#notes, ...describeCensus(census, range)],
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
