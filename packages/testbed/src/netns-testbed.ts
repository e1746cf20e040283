import { availableParallelism } from "node:os";
import {
  type Observer,
  type Testbed,
  type Trial,
  type TrialWorld,
  warnIneffective,
} from "@churnlab/core";
import { chooseWorkers, LocalAgent, TargetThreads, WorkerPool } from "@churnlab/traffic";
import { type AddressPlan, planAddresses } from "./address-plan.ts";
import { describeEnvironment } from "./describe-environment.ts";
import { JointObserver } from "./joint-observer.ts";
import { NamespaceObserver } from "./namespace-observer.ts";
import { createHosts, type Host, type Hosts } from "./netns-hosts.ts";
import { startServers } from "./netns-servers.ts";
import { ResetWatch, type TrialResets } from "./reset-watch.ts";

/**
 * Every trial in fresh anonymous network namespaces of this process. Threads live as long as the testbed and enter the
 * namespaces of each trial in turn, so that a trial costs no thread start.
 */
export class NetnsTestbed implements Testbed {
  readonly kind = "netns";
  readonly #pool: WorkerPool = new WorkerPool();
  readonly #targets: TargetThreads = new TargetThreads();
  readonly #addresses: AddressPlan = planAddresses(process.pid);
  readonly #watch: ResetWatch = new ResetWatch(this.#addresses.all);

  async build(trial: Trial, signal: AbortSignal): Promise<TrialWorld> {
    const { spec } = trial;
    await using stack = new AsyncDisposableStack();
    const hosts = stack.use(createHosts(spec, this.#addresses));
    const servers = stack.use(await startServers(spec, hosts, { threads: this.#targets, signal }));
    signal.throwIfAborted();
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
    const observers = stack.adopt(observe(hosts, resets), closeAll);
    const environment = describeEnvironment(hosts, {
      ...servers.facts,
      "observe.resets": resets?.means ?? "off",
    });
    const held = stack.move();
    return {
      agents: [agent],
      target: servers.target,
      observers,
      sysctls: hosts.sysctls,
      environment,
      warnings: [...warnIneffective(spec), ...(resets?.warnings ?? [])],
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  async close(): Promise<void> {
    this.#watch[Symbol.dispose]();
    await Promise.all([this.#pool.close(), this.#targets.close()]);
  }
}

function observe(
  { clients, target, upstream }: Hosts,
  resets: TrialResets | null,
): readonly Observer[] {
  const observerOf = (host: Host): NamespaceObserver =>
    new NamespaceObserver({
      role: host.role,
      namespace: host.namespace,
      resets: resets?.observers.get(host) ?? null,
    });
  const ofClients = clients.map(observerOf);
  const first = ofClients[0] as NamespaceObserver;
  return [
    ofClients.length === 1 ? first : new JointObserver("client", ofClients),
    observerOf(target),
    ...(upstream === null ? [] : [observerOf(upstream)]),
  ];
}

function closeAll(observers: readonly Observer[]): void {
  for (const observer of observers) observer.close();
}
