import { randomBytes } from "node:crypto";
import {
  type Agent,
  ChurnError,
  distinctSysctls,
  type Observer,
  type SysctlRecord,
  type Target,
  type TrialSpec,
  type Warning,
} from "@churnlab/core";
import {
  createNetworkNamespace,
  joinByBridge,
  leaveBridge,
  type NetworkNamespace,
  readSysctls,
} from "@churnlab/linux";
import { LocalAgent, TargetThreads, WorkerPool } from "@churnlab/traffic";
import { closeAll } from "./close-all.ts";
import { awaitListener } from "./command/await-listener.ts";
import { describeEnvironment } from "./describe-environment.ts";
import { DockerCli } from "./docker/docker-cli.ts";
import { recordSysctls } from "./docker/engine-sysctls.ts";
import { whyNotFromOutside } from "./docker/open-container-namespace.ts";
import { removeLate } from "./docker/remove-container.ts";
import { observeFromOutside, startTargetContainer } from "./docker/start-target-container.ts";
import { withLastLines } from "./docker/with-last-lines.ts";
import { type Host, joinUpstream, writeSysctls } from "./netns-hosts.ts";
import { describeUpstream, startServers, startUpstream } from "./netns-servers.ts";
import { ResetWatch } from "./reset-watch.ts";
import { restoreSysctls } from "./restore-sysctls.ts";
import { withServer } from "./served-observer.ts";
import { observeHosts } from "./world-builder.ts";

/** Where one side of a trial lives. */
export type SideNetwork =
  /** Fresh namespaces for each trial, joined to a bridge. */
  | { readonly kind: "bridge"; readonly namespace: NetworkNamespace; readonly device: string }
  /** A namespace that is there already, with its addresses: of a container, or of the host. */
  | { readonly kind: "given"; readonly namespace: NetworkNamespace };

/** What one side of a trial is to be. */
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

/** The side that offers load, with what offers it. */
export interface LoadSide extends Side {
  readonly agent: Agent;
}

/** The side under test, with the server that answers. */
export interface TargetSide extends Side {
  readonly target: Target;
}

/**
 * Told what sysctls of a given namespace were, before any is changed, and called back once they are so again: a namespace that
 * outlives this process keeps what was written to it, whatever ends the process.
 */
export type KeepUndo = (was: Readonly<Record<string, string>>) => () => void;

/** Where sides are built, and what may be changed for them. */
export interface SideBuilderOptions {
  readonly network: SideNetwork;
  /** Every address that this machine's sides may have. */
  readonly addresses: readonly string[];
  readonly keep?: KeepUndo;
  /** Whether an image that is missing may be pulled. */
  readonly pull?: boolean;
}

/** The hosts of a target's side, and what serves there. */
interface ServingHosts {
  readonly hosts: readonly Host[];
  readonly sysctls: readonly SysctlRecord[];
  readonly target: Target;
  readonly facts: Readonly<Record<string, string>>;
}

type ObservedHosts = Pick<ServingHosts, "hosts" | "sysctls"> & Pick<SidePlan, "spec">;

/** Builds this machine's side of trials whose other side is elsewhere. Threads live as long as the builder. */
export class SideBuilder implements AsyncDisposable {
  readonly #network: SideNetwork;
  readonly #held = new AsyncDisposableStack();
  readonly #pool: WorkerPool;
  readonly #watch: ResetWatch;
  readonly #keep: KeepUndo;
  readonly #pull: boolean;
  #threads: TargetThreads | null = null;
  #cli: DockerCli | null = null;

  constructor({ network, addresses, keep, pull = false }: SideBuilderOptions) {
    this.#network = network;
    this.#keep = keep ?? (() => () => {});
    this.#pull = pull;
    this.#pool = this.#held.use(new WorkerPool());
    this.#watch = this.#held.use(new ResetWatch(addresses));
  }

  async buildLoad(
    plan: SidePlan,
    { name, workers }: { name: string; workers: number },
  ): Promise<LoadSide> {
    if (this.#network.kind === "given" && plan.addresses.length > 1) throw oneNamespaceOnly();
    await using stack = new AsyncDisposableStack();
    const hosts = plan.addresses.map((address) =>
      this.#host({ role: "client", address }, plan, stack),
    );
    const sysctls = hosts.flatMap((host) => this.#writeSysctls(host, plan.spec, stack));
    const side = this.#observe({ hosts, sysctls, spec: plan.spec }, stack);
    const sources = hosts.map(({ namespace, address }) => ({ namespaceFd: namespace.fd, address }));
    const agent = new LocalAgent({ name, pool: this.#pool, sources, workers });
    const held = stack.move();
    return { ...side, agent, [Symbol.asyncDispose]: () => held.disposeAsync() };
  }

  /** Behind a gateway also its upstream, which nobody else reaches: its address is the second of the plan. */
  async buildTarget(plan: SidePlan, signal: AbortSignal): Promise<TargetSide> {
    await using stack = new AsyncDisposableStack();
    const { target, facts, ...hosts } =
      plan.spec.testbed === "docker"
        ? await this.#startContainer(plan, stack, signal)
        : await this.#startServers(plan, stack, signal);
    const side = this.#observe({ ...hosts, spec: plan.spec }, stack);
    const held = stack.move();
    return {
      ...side,
      observers: withServer(side.observers, target),
      facts: { ...side.facts, ...facts },
      target,
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  get #ownThreads(): TargetThreads {
    this.#threads ??= this.#held.use(new TargetThreads());
    return this.#threads;
  }

  async #startServers(
    plan: SidePlan,
    stack: AsyncDisposableStack,
    signal: AbortSignal,
  ): Promise<ServingHosts> {
    const { spec, addresses } = plan;
    const [address = "", upstreamAddress = ""] = addresses;
    const target = this.#host({ role: "target", address }, plan, stack);
    const upstream =
      spec.topology === "gateway" ? this.#upstream(target, upstreamAddress, stack) : null;
    const hosts = upstream === null ? [target] : [target, upstream];
    const sysctls = hosts.flatMap((host) => this.#writeSysctls(host, spec, stack));
    const parts = { threads: this.#ownThreads, signal };
    const servers = stack.use(await startServers(spec, { target, upstream }, parts));
    return { hosts, sysctls, target: servers.target, facts: servers.facts };
  }

  /** The target's namespace is that of its container then, joined as a fresh one is. */
  async #startContainer(
    plan: SidePlan,
    stack: AsyncDisposableStack,
    signal: AbortSignal,
  ): Promise<ServingHosts> {
    const { spec, addresses } = plan;
    const [address = "", upstreamAddress = ""] = addresses;
    const network = requireBridge(this.#network);
    const lack = whyNotFromOutside();
    if (lack !== null) throw notSeen(lack);
    this.#cli ??= this.#held.adopt(new DockerCli(), removeLate);
    const parts = { cli: this.#cli, upstream: upstreamAddress, pull: this.#pull };
    const started = await startTargetContainer(spec, parts, signal).catch((error: unknown) => {
      throw sayHowToPull(error);
    });
    const { container, refusal } = started;
    stack.use(container);
    try {
      const { seen } = container;
      if (seen === null) throw notSeen("its engine's processes are not seen here");
      const { namespace } = seen;
      const target: Host = { role: "target", address, namespace };
      const sysctls = recordSysctls(namespace, spec.sysctls.target ?? {}, refusal);
      const port = joinBridge(network, target, plan.peers);
      stack.defer(() => leaveBridge({ namespace: network.namespace, port }));
      const isGateway = spec.topology === "gateway";
      const upstream = isGateway ? this.#upstream(target, upstreamAddress, stack) : null;
      if (upstream !== null) sysctls.push(...writeSysctls(upstream, spec));
      const dialled = await startUpstream(
        spec,
        { target, upstream },
        { threads: this.#ownThreads },
      );
      stack.defer(async () => dialled?.stop());
      const ended = (): string | null => container.ended();
      await awaitListener({ ...started, namespace, host: address, ended }, signal);
      return {
        hosts: upstream === null ? [target] : [target, upstream],
        sysctls,
        target: observeFromOutside(started, { seen, host: address, isGateway, stack }),
        facts: { ...started.facts, ...describeUpstream(dialled) },
      };
    } catch (error) {
      throw withLastLines(error, container);
    }
  }

  #writeSysctls(host: Host, spec: TrialSpec, stack: AsyncDisposableStack): SysctlRecord[] {
    if (this.#network.kind === "given") {
      const was = readSysctls(host.namespace, Object.keys(spec.sysctls[host.role] ?? {}));
      const forget = this.#keep(was);
      stack.defer(() => {
        restoreSysctls(host.namespace, was);
        forget();
      });
    }
    return writeSysctls(host, spec);
  }

  #observe(
    { hosts, sysctls, spec: { observe } }: ObservedHosts,
    stack: AsyncDisposableStack,
  ): Omit<Side, keyof AsyncDisposable> {
    const resets = observe.resets ? this.#watch.begin({ all: hosts }) : null;
    const observers = stack.adopt(observeHosts(hosts, resets, observe.ports), closeAll);
    const facts = { "observe.resets": resets?.means ?? "off" };
    return {
      observers,
      sysctls: distinctSysctls(sysctls),
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
    const upstream: Host = { role: "upstream", address, namespace };
    joinUpstream(upstream, target);
    return upstream;
  }

  #host(
    { role, address }: Pick<Host, "role" | "address">,
    { peers }: SidePlan,
    stack: AsyncDisposableStack,
  ): Host {
    const network = this.#network;
    if (network.kind === "given") return { role, address, namespace: network.namespace };
    const host = { role, address, namespace: stack.use(createNetworkNamespace()) };
    const port = joinBridge(network, host, peers);
    stack.defer(() => leaveBridge({ namespace: network.namespace, port }));
    return host;
  }
}

type Bridge = Extract<SideNetwork, { kind: "bridge" }>;

/** The port of the bridge that the host is joined by. */
function joinBridge(
  bridge: Bridge,
  { namespace, address }: Host,
  peers: readonly string[],
): string {
  const port = `cl${randomBytes(5).toString("hex")}`;
  joinByBridge({
    bridge: { ...bridge, port },
    host: { namespace, device: "c0", addresses: [address] },
    peers,
  });
  return port;
}

/** A container is on no network but the one that it is given. */
function requireBridge(network: SideNetwork): Bridge {
  if (network.kind === "bridge") return network;
  throw new ChurnError("E_TESTBED", "A container cannot be put into a network that is there", {
    hint: "Give the agent of the target a --bridge instead of --netns or --host-network.",
  });
}

/** What two sources did in one namespace would be counted of each, and their ports are the same. */
function oneNamespaceOnly(): ChurnError {
  return new ChurnError("E_TESTBED", "Several sources need a namespace each", {
    hint: "Give the agent a --bridge instead of --netns or --host-network, or ask for one source of each agent.",
  });
}

/** What is not seen from outside takes a second container beside it, which an agent does not start. */
function notSeen(lack: string): ChurnError {
  return new ChurnError("E_CAPABILITY", `Containers cannot be entered from outside (${lack})`, {
    hint: "Run the agent of the target as root on the engine's own host, in no container.",
  });
}

/** Whether it may pull is not for the one who asks for the trial to say. */
function sayHowToPull(error: unknown): unknown {
  if (!(error instanceof ChurnError) || error.code !== "E_IMAGE") return error;
  return new ChurnError(error.code, error.message, {
    hint: "Pull or build it on the agent's host, or let the agent pull: limits.pull: true in its own file.",
    cause: error,
  });
}
