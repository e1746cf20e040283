import type { CounterReading } from "@churnlab/core";
import { parseConntrackStatistics } from "./conntrack.ts";
import { CounterTable } from "./counter-table.ts";
import { KERNEL_COUNTERS } from "./kernel-counters.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { openProcNetFile, ProcNetFile } from "./proc-net-file.ts";

/** Columns of /proc/net/stat/nf_conntrack that are stored: each counts what went wrong. */
const CONNTRACK_COUNTERS = ["drop", "early_drop", "insert_failed", "invalid"] as const;

/** Fields of the TCP line of /proc/net/sockstat. Those that are not of the namespace but of the whole host say so. */
const SOCKSTAT_GAUGES: ReadonlyMap<string, string> = new Map([
  ["inuse", "tcp.inuse"],
  // With FIN_WAIT2 mini-sockets, and of IPv6 too.
  ["tw", "time_wait"],
  ["orphan", "host.tcp.orphan"],
  ["alloc", "host.tcp.alloc"],
  // Pages.
  ["mem", "host.tcp.mem"],
]);

/** Reads the kernel's TCP counters of one namespace from outside it, in tens of microseconds. */
export interface CounterReader extends Disposable {
  /** Counters of `KERNEL_COUNTERS` that this kernel does not have, as `tcpext.<Name>`. */
  readonly absent: readonly string[];
  /**
   * Gauges: `time_wait`, `tcp.inuse` and `tcp6.inuse` (sockets that are not in TIME_WAIT), `tcp.CurrEstab`, `conntrack`,
   * and `host.tcp.{orphan,alloc,mem}`, which the kernel keeps for the whole host only.
   * Counters: `tcp.<Name>`, `tcpext.<Name>`, `conntrack.<column>`. What this kernel lacks is absent.
   * Throws `SystemError`.
   */
  read(): CounterReading;
  /** The open files keep the namespace alive until this. */
  close(): void;
}

/** Opens a namespace's counters. They stay bound to it, so reading needs no entering. */
export function openCounters(namespace: NetworkNamespace): CounterReader {
  return namespace.run(() => new NamespaceCounters("/proc/thread-self/net"));
}

/**
 * The counters of the namespace that a process lives in. Any user may read those of any process. Throws `SystemError`:
 * ENOENT when there is no such process.
 */
export function openCountersOfProcess(pid: number): CounterReader {
  return new NamespaceCounters(`/proc/${pid}/net`);
}

class NamespaceCounters implements CounterReader {
  readonly absent: readonly string[];
  readonly #snmp: ProcNetFile;
  readonly #netstat: ProcNetFile;
  readonly #sockstat: ProcNetFile;
  // Absent without IPv6 (ipv6.disable=1), and without the connection tracking module.
  readonly #sockstat6: ProcNetFile | undefined;
  readonly #conntrack: ProcNetFile | undefined;
  readonly #held: DisposableStack;
  readonly #tcp = new CounterTable("Tcp:", Object.keys(KERNEL_COUNTERS.tcp));
  readonly #tcpGauges = new CounterTable("Tcp:", ["CurrEstab"]);
  readonly #tcpExt = new CounterTable("TcpExt:", Object.keys(KERNEL_COUNTERS.tcpext));

  constructor(directory: string) {
    using opened = new DisposableStack();
    this.#snmp = opened.use(new ProcNetFile("snmp", directory));
    this.#netstat = opened.use(new ProcNetFile("netstat", directory));
    this.#sockstat = opened.use(new ProcNetFile("sockstat", directory));
    this.#sockstat6 = opened.use(openProcNetFile("sockstat6", directory));
    this.#conntrack = opened.use(openProcNetFile("stat/nf_conntrack", directory));
    this.#tcp.parse(this.#snmp.read());
    this.#tcpExt.parse(this.#netstat.read());
    this.absent = [
      ...this.#tcp.absent.map((name) => `tcp.${name}`),
      ...this.#tcpExt.absent.map((name) => `tcpext.${name}`),
    ];
    this.#held = opened.move();
  }

  read(): CounterReading {
    const snmp = this.#snmp.read();
    this.#tcp.parse(snmp);
    this.#tcpGauges.parse(snmp);
    this.#tcpExt.parse(this.#netstat.read());
    const gauges: Record<string, number> = {};
    const counters: Record<string, number> = {};
    addTable(counters, this.#tcp, "tcp.");
    addTable(counters, this.#tcpExt, "tcpext.");
    addTable(gauges, this.#tcpGauges, "tcp.");
    this.#addSockstat(gauges);
    this.#addConntrack(gauges, counters);
    return { gauges, counters };
  }

  close(): void {
    this.#held.dispose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #addSockstat(gauges: Record<string, number>): void {
    for (const [field, value] of fieldsOfLine(this.#sockstat, "TCP: ")) {
      const gauge = SOCKSTAT_GAUGES.get(field);
      if (gauge !== undefined) gauges[gauge] = value;
    }
    if (this.#sockstat6 === undefined) return;
    for (const [field, value] of fieldsOfLine(this.#sockstat6, "TCP6: ")) {
      if (field === "inuse") gauges["tcp6.inuse"] = value;
    }
  }

  #addConntrack(gauges: Record<string, number>, counters: Record<string, number>): void {
    if (this.#conntrack === undefined) return;
    const { entries, sums } = parseConntrackStatistics(this.#conntrack.read().toString("latin1"));
    gauges["conntrack"] = entries;
    for (const column of CONNTRACK_COUNTERS) {
      const sum = sums[column];
      if (sum !== undefined) counters[`conntrack.${column}`] = sum;
    }
  }
}

function addTable(into: Record<string, number>, table: CounterTable, prefix: string): void {
  for (let index = 0; index < table.names.length; index += 1) {
    const value = table.values[index] as number;
    if (!Number.isNaN(value)) into[prefix + (table.names[index] as string)] = value;
  }
}

/** The `name value name value` of one line of /proc/net/sockstat. */
function fieldsOfLine(file: ProcNetFile, title: string): (readonly [string, number])[] {
  const text = file.read().toString("latin1");
  const start = text.indexOf(title);
  if (start === -1) return [];
  const words = text.slice(start + title.length, text.indexOf("\n", start)).split(" ");
  return Array.from(
    { length: words.length >> 1 },
    (_, pair) => [words[pair * 2] as string, Number(words[pair * 2 + 1])] as const,
  );
}
