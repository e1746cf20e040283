import { availableParallelism } from "node:os";
import { type Observer, type TrialSpec, type TrialWorld, warnIneffective } from "@churnlab/core";
import { chooseWorkers, LocalAgent, TargetThreads, WorkerPool } from "@churnlab/traffic";
import { type AddressPlan, planAddresses } from "./address-plan.ts";
import { closeAll } from "./close-all.ts";
import { describeEnvironment } from "./describe-environment.ts";
import { JointObserver } from "./joint-observer.ts";
import { NamespaceObserver } from "./namespace-observer.ts";
import type { Host, Hosts } from "./netns-hosts.ts";
import type { Servers } from "./netns-servers.ts";
import { ResetWatch, type TrialResets } from "./reset-watch.ts";
import { withServer } from "./served-observer.ts";

export interface WorldParts {
  readonly hosts: Hosts;
  readonly servers: Servers;
  /** What has been opened for the trial so far; the world takes it over. */
  readonly stack: AsyncDisposableStack;
}

/**
 * Joins hosts and servers to the world of a trial: the agent inside the clients, the observers outside of everybody. Holds what
 * trials have in common: threads live as long as the testbed and enter the namespaces of each trial in turn, so that a
 * trial costs no thread start.
 */
export class WorldBuilder {
  /** Names the block of addresses. */
  readonly addressKey: number;
  readonly addresses: AddressPlan;
  readonly threads: TargetThreads;
  readonly #pool: WorkerPool;
  readonly #watch: ResetWatch;
  readonly #held = new AsyncDisposableStack();

  constructor(addressKey: number = process.pid) {
    this.addressKey = addressKey;
    this.addresses = planAddresses(addressKey);
    this.threads = this.#held.use(new TargetThreads());
    this.#pool = this.#held.use(new WorkerPool());
    this.#watch = this.#held.use(new ResetWatch(this.addresses.all));
  }

  build(spec: TrialSpec, { hosts, servers, stack }: WorldParts): TrialWorld {
    const agent = new LocalAgent({
      name: "local",
      pool: this.#pool,
      sources: hosts.clients.map(({ namespace, address }) => ({
        namespaceFd: namespace.fd,
        address,
      })),
      workers: chooseWorkers(spec.workload, availableParallelism()),
    });
    const resets = spec.observe.resets ? this.#watch.begin(hosts) : null;
    const observers = stack.adopt(observeHosts(hosts.all, resets, spec.observe.ports), closeAll);
    const oneOfEach = [hosts.clients[0], hosts.target, hosts.upstream].filter(
      (host) => host !== undefined && host !== null,
    );
    const environment = describeEnvironment(oneOfEach, {
      ...servers.facts,
      "observe.resets": resets?.means ?? "off",
    });
    const held = stack.move();
    return {
      agents: [agent],
      target: servers.target,
      observers: withServer(observers, servers.target),
      sysctls: hosts.sysctls,
      environment,
      warnings: [...warnIneffective(spec), ...(resets?.warnings ?? [])],
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  async close(): Promise<void> {
    await this.#held.disposeAsync();
  }
}

/** One observer per role: several clients are seen as one. */
export function observeHosts(
  hosts: readonly Host[],
  resets: TrialResets | null,
  ports: boolean,
): readonly Observer[] {
  const opened: NamespaceObserver[] = [];
  try {
    for (const host of hosts) {
      const { role, namespace } = host;
      const watched = resets?.observers.get(host) ?? null;
      opened.push(new NamespaceObserver({ role, namespace, resets: watched, ports }));
    }
  } catch (error) {
    using left = new DisposableStack();
    // Those of hosts without an observer have nobody else who closes them.
    for (const host of hosts.slice(opened.length)) left.use(resets?.observers.get(host));
    left.adopt(opened, closeAll);
    throw error;
  }
  return [...Map.groupBy(opened, ({ role }) => role)].map(([role, observers]) => {
    const [only] = observers;
    return observers.length === 1 && only !== undefined ? only : new JointObserver(role, observers);
  });
}
