import { ChurnError, type Testbed, type Trial, type TrialWorld } from "@churnlab/core";
import { openNetworkNamespace } from "@churnlab/linux";
import { awaitListener } from "../command/await-listener.ts";
import { createHosts } from "../netns-hosts.ts";
import { startUpstream } from "../netns-servers.ts";
import { WorldBuilder } from "../world-builder.ts";
import { Container } from "./container.ts";
import { ContainerTarget } from "./container-target.ts";
import { describeContainer } from "./describe-container.ts";
import { DockerCli } from "./docker-cli.ts";
import { recordSysctls, startWithSysctls } from "./engine-sysctls.ts";

const LISTEN_MS_MAX = 10_000;
const LAST_LINES = 5;

/**
 * The target in a container, everything else as in the netns testbed: the container is on no network of the engine, and each
 * client's namespace is joined with it by a veth pair. So the path of packets is the same, nothing of the host's network
 * changes, subnets cannot clash, and two runs cannot see each other.
 */
export class DockerTestbed implements Testbed {
  readonly kind = "docker";
  readonly #worlds: WorldBuilder = new WorldBuilder();
  readonly #cli: DockerCli = new DockerCli();
  readonly #patienceMs: number;

  /** `patienceMs`: how long a container may take until it listens. */
  constructor({ patienceMs = LISTEN_MS_MAX }: { readonly patienceMs?: number } = {}) {
    this.#patienceMs = patienceMs;
  }

  async build({ spec }: Trial, signal: AbortSignal): Promise<TrialWorld> {
    const { addresses, threads } = this.#worlds;
    const wanted = spec.sysctls.target ?? {};
    const { port, ...described } = describeContainer(spec, addresses);
    await using stack = new AsyncDisposableStack();
    const { container, means } = await startWithSysctls(
      (sysctls) => Container.start(this.#cli, { ...described, sysctls }),
      wanted,
    );
    stack.use(container);
    const namespace = stack.use(openNetworkNamespace(`/proc/${container.pid}/ns/net`));
    const sysctls = recordSysctls(namespace, wanted, means);
    const hosts = stack.use(createHosts(spec, addresses, { namespace, sysctls }));
    const upstream = await startUpstream(spec, hosts, { threads });
    stack.defer(async () => upstream?.stop());
    const host = hosts.target.address;
    await this.#awaitListener(container, { namespace, host, port }, signal);
    const address = { host, port, path: "/", tls: false };
    const target = stack.use(new ContainerTarget(container, namespace, address));
    const servers = {
      target,
      facts: { "target.server": `image: ${described.image}`, "target.sysctls": means },
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
    const awaited = { ...place, program, patienceMs: this.#patienceMs, ended };
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
