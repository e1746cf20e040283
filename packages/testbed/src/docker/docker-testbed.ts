import { ChurnError, type Testbed, type Trial, type TrialWorld } from "@churnlab/core";
import { type NetworkNamespace, openNetworkNamespace, readNetworkDevices } from "@churnlab/linux";
import { awaitListener } from "../command/await-listener.ts";
import { createHosts } from "../netns-hosts.ts";
import { startUpstream } from "../netns-servers.ts";
import { WorldBuilder } from "../world-builder.ts";
import { Container, elsewhere } from "./container.ts";
import { ContainerTarget } from "./container-target.ts";
import { describeContainer } from "./describe-container.ts";
import { DockerCli } from "./docker-cli.ts";
import { recordSysctls, startWithSysctls } from "./engine-sysctls.ts";

const LISTEN_MS_MAX = 10_000;
const LAST_LINES = 5;

export interface DockerTestbedOptions {
  /** How long a container may take until it listens. */
  readonly patienceMs?: number;
  /** Whether an image that is missing may be pulled. */
  readonly pull?: boolean;
}

/**
 * The target in a container, everything else as in the netns testbed: the container is on no network of the engine, and each
 * client's namespace is joined with it by a veth pair. So the path of packets is the same, nothing of the host's network
 * changes, subnets cannot clash, and two runs cannot see each other.
 */
export class DockerTestbed implements Testbed {
  readonly kind = "docker";
  readonly #worlds: WorldBuilder = new WorldBuilder();
  readonly #cli: DockerCli = new DockerCli();
  readonly #options: DockerTestbedOptions;

  constructor(options: DockerTestbedOptions = {}) {
    this.#options = options;
  }

  async build({ spec }: Trial, signal: AbortSignal): Promise<TrialWorld> {
    const { addresses, threads } = this.#worlds;
    const wanted = spec.sysctls.target ?? {};
    const { port, isOurs, ...described } = describeContainer(spec, addresses);
    await using stack = new AsyncDisposableStack();
    const pull = this.#options.pull ?? false;
    const { container, refusal } = await startWithSysctls(
      (sysctls) => Container.start(this.#cli, { ...described, sysctls, pull }),
      wanted,
    );
    stack.use(container);
    const namespace = stack.use(openNetworkNamespace(`/proc/${container.pid}/ns/net`));
    requireUnjoined(namespace);
    const sysctls = recordSysctls(namespace, wanted, refusal);
    const hosts = stack.use(createHosts(spec, addresses, { namespace, sysctls }));
    const upstream = await startUpstream(spec, hosts, { threads });
    stack.defer(async () => upstream?.stop());
    const host = hosts.target.address;
    await this.#awaitListener(container, { namespace, host, port }, signal);
    const address = { host, port, path: "/", tls: false };
    const isGateway = upstream !== null;
    const target = stack.use(
      new ContainerTarget({ container, namespace, address, isOurs, isGateway }),
    );
    const servers = {
      target,
      facts: {
        "target.server": `image: ${described.image}`,
        "target.sysctls": refusal === null ? "engine" : "setns",
        ...(upstream === null ? {} : { "upstream.server": upstream.server }),
      },
      async [Symbol.asyncDispose]() {},
    };
    return this.#worlds.build(spec, { hosts, servers, stack });
  }

  async close(): Promise<void> {
    await this.#worlds.close();
  }

  async #awaitListener(
    container: Container,
    place: Pick<Parameters<typeof awaitListener>[0], "namespace" | "host" | "port">,
    signal: AbortSignal,
  ): Promise<void> {
    const program = `The container of this trial (${container.name})`;
    const ended = (): string | null => container.ended();
    const awaited = {
      ...place,
      program,
      patienceMs: this.#options.patienceMs ?? LISTEN_MS_MAX,
      ended,
    };
    try {
      await awaitListener(awaited, signal);
    } catch (error) {
      if (!(error instanceof ChurnError)) throw error;
      const lines = container.log.lastLines(LAST_LINES);
      const wrote = lines === "" ? "It wrote nothing." : `It wrote:\n${lines}`;
      throw new ChurnError(error.code, `${error.message}. ${wrote}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    }
  }
}

/** What a namespace without any network has: its loopback, and what the kernel gives to every namespace. */
const WITHOUT_NETWORK = /^(?:lo|(?:tunl|gre|gretap|erspan|ip_vti|ip6_vti|sit|ip6tnl|ip6gre)0)$/;

/** That it is the container's and not, by a process id that another machine's engine has told, somebody else's. */
function requireUnjoined(namespace: NetworkNamespace): void {
  if (readNetworkDevices(namespace).every(({ name }) => WITHOUT_NETWORK.test(name))) return;
  throw elsewhere();
}
