import { randomBytes } from "node:crypto";
import {
  type Agent,
  ChurnError,
  type Observer,
  type SysctlRecord,
  type Target,
  type TrialSpec,
  type Warning,
} from "@churnlab/core";
import {
  createNetworkNamespace,
  joinByBridge,
  joinByVeth,
  type NetworkNamespace,
  readSysctls,
} from "@churnlab/linux";
import { LocalAgent, TargetThreads, WorkerPool } from "@churnlab/traffic";
import { describeEnvironment } from "./describe-environment.ts";
import { distinctRecords, type Host, writeSysctls } from "./netns-hosts.ts";
import { startServers } from "./netns-servers.ts";
import { ResetWatch } from "./reset-watch.ts";
import { restoreSysctls } from "./restore-sysctls.ts";
import { withServer } from "./served-observer.ts";
import { closeAll, observeHosts } from "./world-builder.ts";

/** Where one side of a trial lives. */
export type SideNetwork =
  /** Fresh namespaces for each trial, joined to a bridge. */
  | { readonly kind: "bridge"; readonly namespace: NetworkNamespace; readonly device: string }
  /** A namespace that is there already, with its addresses: of a container, or of the host. */
  | { readonly kind: "given"; readonly namespace: NetworkNamespace };

export interface SidePlan {
  readonly spec: TrialSpec;
  /** One per source; or the target's, and behind a gateway its upstream's. */
  readonly addresses: readonly string[];
  /** Addresses of the other side. */
  readonly peers: readonly string[];
}

/** One side of a trial's world: its hosts, observed. Disposing of it puts everything back. */
export interface Side extends AsyncDisposable {
  readonly observers: readonly Observer[];
  readonly sysctls: readonly SysctlRecord[];
  readonly facts: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
}

export interface LoadSide extends Side {
  readonly agent: Agent;
}

export interface TargetSide extends Side {
  readonly target: Target;
}

/**
 * Told what sysctls of a given namespace were, before any is changed, and called back once they are so again: a namespace that
 * outlives this process keeps what was written to it, whatever ends the process.
 */
export type KeepUndo = (was: Readonly<Record<string, string>>) => () => void;

/** Builds this machine's side of trials whose other side is elsewhere. Threads live as long as the builder. */
export class SideBuilder implements AsyncDisposable {
  readonly #network: SideNetwork;
  readonly #pool: WorkerPool = new WorkerPool();
  readonly #watch: ResetWatch;
  readonly #keep: KeepUndo;
  #threads: TargetThreads | null = null;

  /** `addresses`: every address that this machine's sides may have. */
  constructor(network: SideNetwork, addresses: readonly string[], keep: KeepUndo = () => () => {}) {
    this.#network = network;
    this.#keep = keep;
    this.#watch = new ResetWatch(addresses);
  }

  async buildLoad(
    plan: SidePlan,
    { name, workers }: { name: string; workers: number },
  ): Promise<LoadSide> {
    await using stack = new AsyncDisposableStack();
    const hosts = plan.addresses.map((address) =>
      this.#host({ role: "client", address }, plan, stack),
    );
    const side = this.#observe(hosts, plan, stack);
    const sources = hosts.map(({ namespace, address }) => ({ namespaceFd: namespace.fd, address }));
    const agent = new LocalAgent({ name, pool: this.#pool, sources, workers });
    const held = stack.move();
    return { ...side, agent, [Symbol.asyncDispose]: () => held.disposeAsync() };
  }

  /** Behind a gateway also its upstream, which nobody else reaches: its address is the second of the plan. */
  async buildTarget(plan: SidePlan, signal: AbortSignal): Promise<TargetSide> {
    await using stack = new AsyncDisposableStack();
    const [address = "", upstreamAddress = ""] = plan.addresses;
    const target = this.#host({ role: "target", address }, plan, stack);
    const upstream =
      plan.spec.topology === "gateway" ? this.#upstream(target, upstreamAddress, stack) : null;
    const side = this.#observe(upstream === null ? [target] : [target, upstream], plan, stack);
    this.#threads ??= new TargetThreads();
    const parts = { threads: this.#threads, signal };
    const servers = stack.use(await startServers(plan.spec, { target, upstream }, parts));
    const held = stack.move();
    return {
      ...side,
      observers: withServer(side.observers, servers.target),
      facts: { ...side.facts, ...servers.facts },
      target: servers.target,
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await Promise.all([this.#pool.close(), this.#threads?.close()]);
  }

  #observe(
    hosts: readonly Host[],
    plan: SidePlan,
    stack: AsyncDisposableStack,
  ): Omit<Side, keyof AsyncDisposable> {
    const { sysctls: wanted, observe } = plan.spec;
    const sysctls = hosts.flatMap((host) => {
      if (this.#network.kind === "given") {
        const was = readSysctls(host.namespace, Object.keys(wanted[host.role] ?? {}));
        const forget = this.#keep(was);
        stack.defer(() => {
          restoreSysctls(host.namespace, was);
          forget();
        });
      }
      return writeSysctls(host, plan.spec);
    });
    const resets = observe.resets ? this.#watch.begin({ all: hosts }) : null;
    const observers = stack.adopt(observeHosts(hosts, resets, observe.ports), closeAll);
    const facts = { "observe.resets": resets?.means ?? "off" };
    return {
      observers,
      sysctls: distinctRecords(sysctls),
      facts: describeEnvironment(hosts.slice(0, 1), facts).facts,
      warnings: resets?.warnings ?? [],
    };
  }

  /** A fresh namespace behind the gateway, joined with it by a cable of its own. */
  #upstream(target: Host, address: string, stack: AsyncDisposableStack): Host {
    if (this.#network.kind === "given") {
      throw new ChurnError("E_TESTBED", "A gateway needs namespaces that are its trial's own", {
        hint: "Give the agent of the target a --bridge instead of --netns or --host-network.",
      });
    }
    const namespace = stack.use(createNetworkNamespace());
    joinByVeth({
      left: { namespace, device: "u0", addresses: [address] },
      right: { namespace: target.namespace, device: "up", addresses: [target.address] },
    });
    return { role: "upstream", address, namespace };
  }

  #host(
    { role, address }: Pick<Host, "role" | "address">,
    { peers }: SidePlan,
    stack: AsyncDisposableStack,
  ): Host {
    const network = this.#network;
    if (network.kind === "given") return { role, address, namespace: network.namespace };
    const namespace = stack.use(createNetworkNamespace());
    joinByBridge({
      bridge: { ...network, port: `cl${randomBytes(5).toString("hex")}` },
      host: { namespace, device: "c0", addresses: [address] },
      peers,
    });
    return { role, address, namespace };
  }
}
