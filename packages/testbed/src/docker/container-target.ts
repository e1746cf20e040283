import type { Measurement, Target, TargetAddress } from "@churnlab/core";
import {
  type CounterReader,
  DIAG_WORD,
  maskOfTcpState,
  type NetworkNamespace,
  openCounters,
  SockDiag,
  swapPort,
} from "@churnlab/linux";
import { COUNTS_LINE, COUNTS_SIGNAL, parseCounts, type ServerCounts } from "@churnlab/traffic";
import { readPidNamespaceCpuUs } from "../command/process-session.ts";
import { UPSTREAM_PORT } from "../netns-servers.ts";
import type { Container } from "./container.ts";

const ANSWER_MS_MAX = 2000;

export interface ContainerTargetParts {
  readonly container: Container;
  readonly namespace: NetworkNamespace;
  readonly address: TargetAddress;
  /** Whether churnlab's own server is in it, which can be asked what it has done. */
  readonly isOurs: boolean;
  /** Whether it dials an upstream. */
  readonly isGateway: boolean;
}

/** A container that serves, seen from outside. */
export class ContainerTarget implements Target, Disposable {
  readonly address: TargetAddress;
  readonly #parts: ContainerTargetParts;
  readonly #counters: CounterReader;
  readonly #diag: SockDiag;
  readonly #cpuAtStartUs: number;
  #before: Promise<ServerCounts | null> = Promise.resolve(null);

  constructor(parts: ContainerTargetParts) {
    this.address = parts.address;
    this.#parts = parts;
    this.#counters = openCounters(parts.namespace);
    this.#diag = new SockDiag(parts.namespace);
    this.#cpuAtStartUs = readPidNamespaceCpuUs(parts.container.pid);
  }

  ended(): string | null {
    return this.#parts.container.ended();
  }

  readLog(): string {
    const lines = this.#parts.container.log.read().split("\n");
    return lines.filter((line) => !line.startsWith(COUNTS_LINE)).join("\n");
  }

  markMeasure(): void {
    this.#before = this.#askCounts();
  }

  /** Connections towards the upstream that stay open when nobody asks any more: those of its pool. */
  keptOpen(): number {
    if (!this.#parts.isGateway) return 0;
    let kept = 0;
    this.#diag.dump(maskOfTcpState("ESTABLISHED"), {
      begin: () => {
        kept = 0;
      },
      visit: (words, at) => {
        const remotePort = swapPort((words[at + DIAG_WORD.PORTS] as number) >>> 16);
        if (remotePort === UPSTREAM_PORT) kept++;
      },
    });
    return kept;
  }

  /**
   * CPU time of all its processes, over the connections that its kernel accepted; of a gateway of ours what it did towards its
   * upstream in the measure phase.
   */
  async measure(): Promise<readonly Measurement[]> {
    if (this.ended() !== null) return [];
    const cpuUs = readPidNamespaceCpuUs(this.#parts.container.pid) - this.#cpuAtStartUs;
    const accepted = this.#counters.read().counters["tcp.PassiveOpens"] ?? 0;
    const before = await this.#before;
    const counts = await this.#askCounts();
    const perUnit: [string, number][] = [
      ["cpu.us_per_connection", accepted],
      ["cpu.us_per_request", counts?.requests ?? 0],
    ];
    return [
      ...perUnit
        .filter(([, count]) => count > 0)
        .map(([metric, count]) => ({ role: "target", metric, value: cpuUs / count }) as const),
      ...(this.#parts.isGateway ? growthOf(before, counts) : []),
    ];
  }

  [Symbol.dispose](): void {
    this.#counters.close();
    this.#diag.close();
  }

  async #askCounts(): Promise<ServerCounts | null> {
    const { container, isOurs } = this.#parts;
    if (!isOurs) return null;
    const line = await container.ask(COUNTS_SIGNAL, COUNTS_LINE, ANSWER_MS_MAX);
    return line === null ? null : parseCounts(line);
  }
}

function growthOf(before: ServerCounts | null, after: ServerCounts | null): Measurement[] {
  return Object.entries(after?.gateway ?? {}).map(([metric, value]) => ({
    role: "target",
    metric,
    value: value - (before?.gateway[metric] ?? 0),
  }));
}
