import path from "node:path";
import type { TrialSpec } from "@churnlab/core";
import { readPidNamespaceCpuUs } from "../command/process-session.ts";
import { Container, type SeenProcess } from "./container.ts";
import { ContainerKernel } from "./container-kernel.ts";
import { ContainerTarget } from "./container-target.ts";
import { describeContainer } from "./describe-container.ts";
import type { DockerCli } from "./docker-cli.ts";
import { startWithSysctls } from "./engine-sysctls.ts";
import type { JoinOrder } from "./join-container.ts";
import { readEngine } from "./read-engine.ts";
import { removeLate } from "./remove-container.ts";

const LISTEN_MS_MAX = 10_000;

export interface TargetContainerOptions {
  readonly cli: DockerCli;
  /** Of the upstream, where the container is a gateway. */
  readonly upstream: string;
  /** Whether an image that is missing may be pulled. */
  readonly pull: boolean;
  /** How long the container may take until it listens. */
  readonly patienceMs?: number | undefined;
}

/** The container of a trial's target, which runs and is joined to nobody yet. */
export interface TargetContainer extends JoinOrder {
  readonly container: Container;
  /** Whether churnlab's own server is in it. */
  readonly isOurs: boolean;
  readonly facts: Readonly<Record<string, string>>;
}

/** Starts it with its sysctls set by the engine. Rejects as `Container.start` and `startWithSysctls` do. */
export async function startTargetContainer(
  spec: TrialSpec,
  options: TargetContainerOptions,
  signal: AbortSignal,
): Promise<TargetContainer> {
  const { cli, upstream, pull, patienceMs = LISTEN_MS_MAX } = options;
  const { port, isOurs, ...described } = describeContainer(spec, { upstream });
  await removeLate(cli);
  // Beside the start, which it is no part of: an engine that does not tell its version is called by its name.
  const engine = readEngine(cli, { signal }).catch(() => path.basename(cli.program));
  const { container, refusal } = await startWithSysctls(
    (sysctls) => Container.start(cli, { ...described, sysctls, pull }, signal),
    spec.sysctls.target ?? {},
  );
  return {
    container,
    refusal,
    isOurs,
    port,
    program: `The container of this trial (${container.name})`,
    patienceMs,
    facts: {
      "target.server": `image: ${described.image}`,
      "target.engine": await engine,
      "target.sysctls": refusal === null ? "engine" : "setns",
      "target.measured": container.seen === null ? "from inside" : "from outside",
    },
  };
}

export interface OutsideView {
  readonly seen: SeenProcess;
  /** At which it listens. */
  readonly host: string;
  readonly isGateway: boolean;
  readonly stack: AsyncDisposableStack;
}

/** A container that listens, as the target of a trial that measures it from outside; what that opens goes with the stack. */
export function observeFromOutside(
  { container, isOurs, port }: TargetContainer,
  { seen, host, isGateway, stack }: OutsideView,
): ContainerTarget {
  const { namespace, pid } = seen;
  const kernel = stack.use(new ContainerKernel(namespace, () => readPidNamespaceCpuUs(pid)));
  return new ContainerTarget({
    container,
    address: { host, port, path: "/", tls: false },
    isOurs,
    isGateway,
    use: async () => kernel.use(),
    countTowardsUpstream: () => kernel.countTowardsUpstream(),
  });
}
