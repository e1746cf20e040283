import { ChurnError, type Observer, type TrialSpec, type TrialWorld } from "@churnlab/core";
import { readBootId } from "@churnlab/linux";
import { recordError } from "@churnlab/traffic";
import { Container } from "../container.ts";
import { ContainerTarget } from "../container-target.ts";
import type { DockerCli } from "../docker-cli.ts";
import { AGENT_IMAGE } from "../own-image.ts";
import type { TargetContainer } from "../start-target-container.ts";
import { InsideAgent } from "./inside-agent.ts";
import { InsideLink, TARGET_END_MS_MAX } from "./inside-link.ts";
import type { BuiltWorld } from "./inside-messages.ts";
import { InsideObserver } from "./inside-observer.ts";

/** Where the image has what measures. */
const PROGRAM = "/churnlab/deploy/measure-inside.mjs";
/** For the program to start and to make the hosts, beyond the time that the target may take. */
const BUILD_MS_MAX = 20_000;
const USE_MS_MAX = 5000;
/** For the start to get through the engine's pipes. */
const START_LEAD_MS = 60;

/** A container that runs, and what the world around it is to be, from wherever it is built. */
export interface ContainerWorldOptions extends TargetContainer {
  readonly spec: TrialSpec;
  readonly cli: DockerCli;
  /** Of the block of addresses that its upstream is in, which the container has been told of. */
  readonly addressKey: number;
  /** What has been opened for the trial so far; the world takes it over. */
  readonly stack: AsyncDisposableStack;
}

/**
 * The world of a trial whose container may not be entered from outside: the rest of it is built inside, by a container of
 * churnlab in the same network namespace, which also sees what else would be seen from outside. It is talked to through pipes of the
 * engine, so that the measured network has none of it.
 */
export async function buildInside(
  options: ContainerWorldOptions,
  signal: AbortSignal,
): Promise<TrialWorld> {
  const { spec, container, stack, isOurs } = options;
  const link = await startAgent(options, signal);
  const built = await unlessAborted(orderWorld(link, options), signal);
  if (built.bootId !== readBootId()) {
    throw elsewhere();
  }
  const agent = new InsideAgent(link, built.agent);
  const observers = built.looks.map((look) => new InsideObserver(link, look));
  link.onLive = ({ load, looks }) => {
    if (load !== null) agent.take(load);
    for (const look of looks) observers.find(({ role }) => role === look.role)?.take(look);
  };
  const { address } = built;
  const target = new ContainerTarget({
    container,
    address,
    isOurs,
    isGateway: spec.topology === "gateway",
    use: () => link.ask("use", null, USE_MS_MAX),
    countTowardsUpstream: () => observers.find(isTarget)?.keptOpen ?? 0,
  });
  const held = stack.move();
  return {
    agents: [agent],
    target,
    observers,
    sysctls: built.sysctls,
    environment: built.environment,
    warnings: built.warnings,
    startLeadMs: START_LEAD_MS,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

const isTarget = ({ role }: Observer): boolean => role === "target";

async function startAgent(
  { cli, container, stack }: ContainerWorldOptions,
  signal: AbortSignal,
): Promise<InsideLink> {
  const options = {
    image: AGENT_IMAGE,
    command: [PROGRAM],
    env: {},
    sysctls: {},
    pull: false,
    beside: container,
  };
  try {
    const agent = stack.use(await Container.start(cli, options, signal));
    return new InsideLink({ agent, target: container });
  } catch (error) {
    signal.throwIfAborted();
    // Nobody can be beside a container that has ended meanwhile.
    const ended = await container.awaitEnd(TARGET_END_MS_MAX);
    if (ended === null) throw error;
    throw new ChurnError("E_TARGET", `The target ended before it was measured: ${ended}`, {
      hint: "Start it by hand with the same image and command; it must stay in the foreground.",
      cause: error,
    });
  }
}

async function orderWorld(link: InsideLink, options: ContainerWorldOptions): Promise<BuiltWorld> {
  const { spec, addressKey, facts, refusal, port, program, patienceMs } = options;
  const order = {
    spec,
    addressKey,
    facts,
    refusal: refusal === null ? null : recordError(refusal),
    port,
    program,
    patienceMs,
  };
  return link.ask("build", order, patienceMs + BUILD_MS_MAX);
}

/** The containers go with the trial, and so does what is still under way in them. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Times are those of one clock, which is a machine's own. */
function elsewhere(): ChurnError {
  return new ChurnError("E_CONTAINER_ENGINE", "The engine runs its containers on another machine", {
    hint: "Unset DOCKER_HOST, or load it from here with testbed: external.",
  });
}
