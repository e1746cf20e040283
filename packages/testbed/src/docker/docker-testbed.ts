import { ChurnError, type Testbed, type Trial, type TrialWorld } from "@churnlab/core";
import { readPidNamespaceCpuUs } from "../command/process-session.ts";
import { WorldBuilder } from "../world-builder.ts";
import { Container, type SeenProcess } from "./container.ts";
import { ContainerKernel } from "./container-kernel.ts";
import { ContainerTarget } from "./container-target.ts";
import { describeContainer } from "./describe-container.ts";
import { DockerCli } from "./docker-cli.ts";
import { startWithSysctls } from "./engine-sysctls.ts";
import { buildInside, type ContainerWorldOptions } from "./inside/build-inside.ts";
import { joinContainer } from "./join-container.ts";

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
 * changes, subnets cannot clash, and two runs cannot see each other. Where the container may not be entered from here, a
 * container of churnlab beside it does the same from inside.
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
    const { addresses, addressKey } = this.#worlds;
    const { port, isOurs, ...described } = describeContainer(spec, addresses);
    await using stack = new AsyncDisposableStack();
    const pull = this.#options.pull ?? false;
    const { container, refusal } = await startWithSysctls(
      (sysctls) => Container.start(this.#cli, { ...described, sysctls, pull }),
      spec.sysctls.target ?? {},
    );
    stack.use(container);
    const options: ContainerWorldOptions = {
      spec,
      cli: this.#cli,
      container,
      isOurs,
      addressKey,
      refusal,
      port,
      program: `The container of this trial (${container.name})`,
      patienceMs: this.#options.patienceMs ?? LISTEN_MS_MAX,
      facts: {
        "target.server": `image: ${described.image}`,
        "target.sysctls": refusal === null ? "engine" : "setns",
        "target.measured": container.seen === null ? "from inside" : "from outside",
      },
      stack,
    };
    try {
      if (container.seen === null) return await buildInside(options, signal);
      return await this.#buildOutside(options, container.seen, signal);
    } catch (error) {
      throw withLastLines(error, container);
    }
  }

  async close(): Promise<void> {
    await this.#worlds.close();
  }

  async #buildOutside(
    { stack, ...options }: ContainerWorldOptions,
    { pid, namespace }: SeenProcess,
    signal: AbortSignal,
  ): Promise<TrialWorld> {
    const { spec, container, isOurs, port } = options;
    const ended = (): string | null => container.ended();
    const parts = { spec, namespace, worlds: this.#worlds, stack, ended };
    const { hosts, upstream } = await joinContainer(options, parts, signal);
    const kernel = stack.use(new ContainerKernel(namespace, () => readPidNamespaceCpuUs(pid)));
    const target = new ContainerTarget({
      container,
      address: { host: hosts.target.address, port, path: "/", tls: false },
      isOurs,
      isGateway: upstream !== null,
      use: async () => kernel.use(),
      countTowardsUpstream: () => kernel.countTowardsUpstream(),
    });
    const servers = {
      target,
      facts: {
        ...options.facts,
        ...(upstream === null ? {} : { "upstream.server": upstream.server }),
      },
      async [Symbol.asyncDispose]() {},
    };
    return this.#worlds.build(spec, { hosts, servers, stack });
  }
}

/** What its program wrote says best why it does not serve. */
function withLastLines(error: unknown, container: Container): unknown {
  if (!(error instanceof ChurnError) || error.code !== "E_TARGET") return error;
  if (error.message.includes("It wrote")) return error;
  const lines = container.log.lastLines(LAST_LINES);
  const wrote = lines === "" ? "It wrote nothing." : `It wrote:\n${lines}`;
  return new ChurnError(error.code, `${error.message}. ${wrote}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}
