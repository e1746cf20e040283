import { randomBytes } from "node:crypto";
import type {
  Agent,
  Observer,
  Role,
  SysctlRecord,
  Target,
  TrialSpec,
  Warning,
} from "@churnlab/core";
import {
  createNetworkNamespace,
  joinByBridge,
  type NetworkNamespace,
  readSysctls,
} from "@churnlab/linux";
import { LocalAgent, TargetThreads, WorkerPool } from "@churnlab/traffic";
import { describeEnvironment } from "./describe-environment.ts";
import { distinctRecords, type Host, writeSysctls } from "./netns-hosts.ts";
import { startServers } from "./netns-servers.ts";
import { ResetWatch } from "./reset-watch.ts";
import { restoreSysctls } from "./restore-sysctls.ts";
import { closeAll, observeHosts } from "./world-builder.ts";

/** Where one side of a trial lives. */
export type SideNetwork =
  /** Fresh namespaces for each trial, joined to a bridge. */
  | { readonly kind: "bridge"; readonly namespace: NetworkNamespace; readonly device: string }
  /** A namespace that is there already, with its addresses: of a container, or of the host. */
  | { readonly kind: "given"; readonly namespace: NetworkNamespace };

export interface SidePlan {
  readonly spec: TrialSpec;
  /** One per source, or the target's. */
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
    const { hosts, side } = this.#open("client", plan, stack);
    const sources = hosts.map(({ namespace, address }) => ({ namespaceFd: namespace.fd, address }));
    const agent = new LocalAgent({ name, pool: this.#pool, sources, workers });
    const held = stack.move();
    return { ...side, agent, [Symbol.asyncDispose]: () => held.disposeAsync() };
  }

  async buildTarget(plan: SidePlan, signal: AbortSignal): Promise<TargetSide> {
    await using stack = new AsyncDisposableStack();
    const { hosts, side } = this.#open("target", plan, stack);
    this.#threads ??= new TargetThreads();
    const target = hosts[0] as Host;
    const parts = { threads: this.#threads, signal };
    const servers = stack.use(await startServers(plan.spec, { target, upstream: null }, parts));
    const held = stack.move();
    return {
      ...side,
      facts: { ...side.facts, ...servers.facts },
      target: servers.target,
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await Promise.all([this.#pool.close(), this.#threads?.close()]);
  }

  #open(
    role: Role,
    plan: SidePlan,
    stack: AsyncDisposableStack,
  ): { hosts: readonly Host[]; side: Omit<Side, keyof AsyncDisposable> } {
    const hosts = plan.addresses.map((address) => this.#host({ role, address }, plan, stack));
    const sysctls = hosts.flatMap((host) => {
      if (this.#network.kind === "given") {
        const was = readSysctls(host.namespace, Object.keys(plan.spec.sysctls[role] ?? {}));
        const forget = this.#keep(was);
        stack.defer(() => {
          restoreSysctls(host.namespace, was);
          forget();
        });
      }
      return writeSysctls(host, plan.spec);
    });
    const resets = plan.spec.observe.resets ? this.#watch.begin({ all: hosts }) : null;
    const observers = stack.adopt(observeHosts(hosts, resets, plan.spec.observe.ports), closeAll);
    const facts = { "observe.resets": resets?.means ?? "off" };
    return {
      hosts,
      side: {
        observers,
        sysctls: distinctRecords(sysctls),
        facts: describeEnvironment(hosts.slice(0, 1), facts).facts,
        warnings: resets?.warnings ?? [],
      },
    };
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
