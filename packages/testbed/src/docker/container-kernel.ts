import { type CounterReader, type NetworkNamespace, openCounters, SockDiag } from "@churnlab/linux";
import { countTowardsUpstream } from "../count-towards-upstream.ts";

/** What a container has used of its kernel since it was first looked at. */
export interface KernelUse {
  /** CPU time of all its processes. */
  readonly cpuUs: number;
  /** Connections that were accepted. */
  readonly accepted: number;
}

/** The kernel side of the target's container, as its namespace shows it. */
export class ContainerKernel implements Disposable {
  readonly #held: DisposableStack;
  readonly #counters: CounterReader;
  readonly #diag: SockDiag;
  readonly #readCpuUs: () => number;
  readonly #cpuAtStartUs: number;

  constructor(namespace: NetworkNamespace, readCpuUs: () => number) {
    using opened = new DisposableStack();
    this.#counters = opened.use(openCounters(namespace));
    this.#diag = opened.use(new SockDiag(namespace));
    this.#readCpuUs = readCpuUs;
    this.#cpuAtStartUs = readCpuUs();
    this.#held = opened.move();
  }

  use(): KernelUse {
    return {
      cpuUs: this.#readCpuUs() - this.#cpuAtStartUs,
      accepted: this.#counters.read().counters["tcp.PassiveOpens"] ?? 0,
    };
  }

  /** Connections towards the upstream. */
  countTowardsUpstream(): number {
    return countTowardsUpstream(this.#diag);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
