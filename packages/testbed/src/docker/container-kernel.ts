import {
  type CounterReader,
  DIAG_WORD,
  maskOfTcpState,
  type NetworkNamespace,
  openCounters,
  SockDiag,
  swapPort,
} from "@churnlab/linux";
import { UPSTREAM_PORT } from "../netns-servers.ts";

/** What a container has used of its kernel since it was first looked at. */
export interface KernelUse {
  /** CPU time of all its processes. */
  readonly cpuUs: number;
  /** Connections that were accepted. */
  readonly accepted: number;
}

/** The kernel side of the target's container, as its namespace shows it. */
export class ContainerKernel implements Disposable {
  readonly #counters: CounterReader;
  readonly #diag: SockDiag;
  readonly #readCpuUs: () => number;
  readonly #cpuAtStartUs: number;

  constructor(namespace: NetworkNamespace, readCpuUs: () => number) {
    this.#counters = openCounters(namespace);
    this.#diag = new SockDiag(namespace);
    this.#readCpuUs = readCpuUs;
    this.#cpuAtStartUs = readCpuUs();
  }

  use(): KernelUse {
    return {
      cpuUs: this.#readCpuUs() - this.#cpuAtStartUs,
      accepted: this.#counters.read().counters["tcp.PassiveOpens"] ?? 0,
    };
  }

  /** Connections towards the upstream: what stays when nobody asks any more is those of a pool. */
  countTowardsUpstream(): number {
    let count = 0;
    this.#diag.dump(maskOfTcpState("ESTABLISHED"), {
      begin: () => {
        count = 0;
      },
      visit: (words, at) => {
        const remotePort = swapPort((words[at + DIAG_WORD.PORTS] as number) >>> 16);
        if (remotePort === UPSTREAM_PORT) count++;
      },
    });
    return count;
  }

  [Symbol.dispose](): void {
    this.#counters.close();
    this.#diag.close();
  }
}
