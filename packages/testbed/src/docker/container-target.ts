import type { Measurement, Target, TargetAddress } from "@churnlab/core";
import { type CounterReader, type NetworkNamespace, openCounters } from "@churnlab/linux";
import { readPidNamespaceCpuUs } from "../command/process-session.ts";
import type { Container } from "./container.ts";

/** A container that serves, seen from outside. */
export class ContainerTarget implements Target, Disposable {
  readonly address: TargetAddress;
  readonly #container: Container;
  readonly #counters: CounterReader;
  readonly #cpuAtStartUs: number;

  constructor(container: Container, namespace: NetworkNamespace, address: TargetAddress) {
    this.address = address;
    this.#container = container;
    this.#counters = openCounters(namespace);
    this.#cpuAtStartUs = readPidNamespaceCpuUs(container.pid);
  }

  ended(): string | null {
    return this.#container.ended();
  }

  readLog(): string {
    return this.#container.log.read();
  }

  /** CPU time of all its processes, over the connections that its kernel accepted. */
  async measure(): Promise<readonly Measurement[]> {
    const accepted = this.#counters.read().counters["tcp.PassiveOpens"] ?? 0;
    if (accepted === 0 || this.ended() !== null) return [];
    const value = (readPidNamespaceCpuUs(this.#container.pid) - this.#cpuAtStartUs) / accepted;
    return [{ role: "target", metric: "cpu.us_per_connection", value }];
  }

  [Symbol.dispose](): void {
    this.#counters.close();
  }
}
