import { availableParallelism } from "node:os";
import {
  ChurnError,
  type Observer,
  type TargetSpec,
  type Testbed,
  type Trial,
  type TrialWorld,
  warnIneffective,
} from "@churnlab/core";
import {
  type BuiltinTargetSpec,
  chooseWorkers,
  LocalAgent,
  TargetThreads,
  WorkerPool,
} from "@churnlab/traffic";
import { describeEnvironment } from "./describe-environment.ts";
import { JointObserver } from "./joint-observer.ts";
import { NamespaceObserver } from "./namespace-observer.ts";
import { createHosts, type Hosts } from "./netns-hosts.ts";

/**
 * Every trial in fresh anonymous network namespaces of this process. Threads live as long as the testbed and enter the
 * namespaces of each trial in turn, so that a trial costs no thread start.
 */
export class NetnsTestbed implements Testbed {
  readonly kind = "netns";
  readonly #pool: WorkerPool = new WorkerPool();
  readonly #targets: TargetThreads = new TargetThreads();

  async build(trial: Trial, signal: AbortSignal): Promise<TrialWorld> {
    const { spec } = trial;
    const targetSpec = requireBuiltin(spec.target);
    await using stack = new AsyncDisposableStack();
    const hosts = stack.use(createHosts(spec));
    const target = await this.#targets.start({
      namespaceFd: hosts.target.namespace.fd,
      address: hosts.target.address,
      spec: targetSpec,
      workload: spec.workload,
    });
    stack.defer(() => target.stop());
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
    const observers = stack.adopt(observe(hosts), closeAll);
    const environment = describeEnvironment(hosts, { "target.server": target.server });
    const held = stack.move();
    return {
      agents: [agent],
      target,
      observers,
      sysctls: hosts.sysctls,
      environment,
      warnings: warnIneffective(spec),
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#targets.close()]);
  }
}

function observe({ clients, target }: Hosts): readonly Observer[] {
  const ofClients = clients.map(({ role, namespace }) => new NamespaceObserver(role, namespace));
  const first = ofClients[0] as NamespaceObserver;
  return [
    ofClients.length === 1 ? first : new JointObserver("client", ofClients),
    new NamespaceObserver("target", target.namespace),
  ];
}

function closeAll(observers: readonly Observer[]): void {
  for (const observer of observers) observer.close();
}

function requireBuiltin(spec: TargetSpec): BuiltinTargetSpec {
  if ("server" in spec) return spec;
  throw new ChurnError("E_TESTBED", "The netns testbed runs the built-in servers only.", {
    hint: "Use target: { server: builtin } or { server: fastify }.",
  });
}
