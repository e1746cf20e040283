import type { Testbed, Trial, TrialWorld } from "@churnlab/core";
import { describeUpstream } from "../netns-servers.ts";
import { WorldBuilder } from "../world-builder.ts";
import type { SeenProcess } from "./container.ts";
import { DockerCli } from "./docker-cli.ts";
import { buildInside, type ContainerWorldOptions } from "./inside/build-inside.ts";
import { joinContainer } from "./join-container.ts";
import { removeLate } from "./remove-container.ts";
import { observeFromOutside, startTargetContainer } from "./start-target-container.ts";
import { withLastLines } from "./with-last-lines.ts";

/** What a run may ask of the engine. */
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
  readonly #worlds: WorldBuilder = new WorldBuilder();
  readonly #cli: DockerCli = new DockerCli();
  readonly #options: DockerTestbedOptions;

  constructor(options: DockerTestbedOptions = {}) {
    this.#options = options;
  }

  async build({ spec }: Trial, signal: AbortSignal): Promise<TrialWorld> {
    const { addresses, addressKey } = this.#worlds;
    await using stack = new AsyncDisposableStack();
    const cli = this.#cli;
    const { pull = false, patienceMs } = this.#options;
    const parts = { cli, upstream: addresses.upstream, pull, patienceMs };
    const target = await startTargetContainer(spec, parts, signal);
    const { container } = target;
    stack.use(container);
    const options: ContainerWorldOptions = { ...target, spec, cli, addressKey, stack };
    try {
      if (container.seen === null) return await buildInside(options, signal);
      return await this.#buildOutside(options, container.seen, signal);
    } catch (error) {
      throw withLastLines(error, container);
    }
  }

  async close(): Promise<void> {
    await removeLate(this.#cli);
    await this.#worlds.close();
  }

  async #buildOutside(
    { stack, ...options }: ContainerWorldOptions,
    seen: SeenProcess,
    signal: AbortSignal,
  ): Promise<TrialWorld> {
    const { spec, container } = options;
    const ended = (): string | null => container.ended();
    const parts = { spec, namespace: seen.namespace, worlds: this.#worlds, stack, ended };
    const { hosts, upstream } = await joinContainer(options, parts, signal);
    const view = { seen, host: hosts.target.address, isGateway: upstream !== null, stack };
    const servers = {
      target: observeFromOutside(options, view),
      facts: {
        ...options.facts,
        ...describeUpstream(upstream),
      },
      async [Symbol.asyncDispose]() {},
    };
    return this.#worlds.build(spec, { hosts, servers, stack });
  }
}
