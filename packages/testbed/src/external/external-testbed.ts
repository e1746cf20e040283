import { availableParallelism } from "node:os";
import {
  ChurnError,
  type Observer,
  type Target,
  type Testbed,
  type Trial,
  type TrialWorld,
  type Warning,
} from "@churnlab/core";
import { presentNetworkNamespace } from "@churnlab/linux";
import { chooseWorkers, LocalAgent, WorkerPool } from "@churnlab/traffic";
import { describeEnvironment } from "../describe-environment.ts";
import { NamespaceObserver } from "../namespace-observer.ts";
import { type ExternalCheck, requireAllowed } from "./check-external.ts";
import { ExternalTargets } from "./external-targets.ts";
import type { ExternalTarget } from "./find-external-target.ts";

/** Where sockets that bind to no address of theirs are bound. */
const ANY_ADDRESS = "0.0.0.0";

/**
 * Load against a server that is not churnlab's, from this host as it is: nothing is changed on either side. This host's kernel
 * is the client that is observed, with whatever else it does; of the target nothing is seen but its answers.
 */
export class ExternalTestbed implements Testbed {
  readonly #allowed: boolean;
  readonly #targets: ExternalTargets;
  readonly #pool: WorkerPool = new WorkerPool();

  constructor({ allowed = false, targets = new ExternalTargets() }: Partial<ExternalCheck> = {}) {
    this.#allowed = allowed;
    this.#targets = targets;
  }

  async build({ spec }: Trial, signal: AbortSignal): Promise<TrialWorld> {
    if (!("url" in spec.target)) {
      throw new ChurnError("E_TESTBED", "The external testbed starts no server", {
        hint: "Name yours: target: { url: http://… }.",
      });
    }
    const address = await this.#targets.find(spec.target.url);
    requireAllowed(address, this.#allowed);
    signal.throwIfAborted();
    await using stack = new AsyncDisposableStack();
    const namespace = stack.use(presentNetworkNamespace());
    const { ports } = spec.observe;
    const observer = new NamespaceObserver({ role: "client", namespace, resets: null, ports });
    stack.adopt(observer, (one) => one.close());
    const agent = new LocalAgent({
      name: "local",
      pool: this.#pool,
      sources: [{ namespaceFd: null, address: ANY_ADDRESS }],
      workers: chooseWorkers(spec.workload, availableParallelism()),
    });
    const client = { role: "client", namespace, address: ANY_ADDRESS } as const;
    const environment = describeEnvironment([client], {
      "target.server": `url: ${address.url} (${address.host})`,
      "observe.resets": "off",
    });
    const held = stack.move();
    return {
      agents: [agent],
      target: foreignTarget(address),
      observers: [observer],
      sysctls: [],
      environment,
      warnings: [describeUnseen(address), ...describeCompany(observer)],
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

function foreignTarget(address: ExternalTarget): Target {
  return { address, ended: () => null, measure: async () => [] };
}

function describeUnseen({ url }: ExternalTarget): Warning {
  const message = `target: nothing of the kernel of ${url} was seen; its numbers are absent`;
  return { code: "W_TARGET_UNSEEN", message };
}

/** What was in this host's namespace before the load, and so may be in its counts and among its ports. */
function describeCompany(observer: Observer): Warning[] {
  const { gauges } = observer.readCounters();
  const timeWait = gauges["time_wait"] ?? 0;
  const open = gauges["tcp.inuse"] ?? 0;
  if (timeWait + open === 0) return [];
  const message = `client: this host had ${open} open and ${timeWait} TIME_WAIT sockets before the load; its counts are of all that it does`;
  return [{ code: "W_CLIENT_SHARED", message }];
}
