import type { ChurnError, TrialSpec } from "@churnlab/core";
import type { NetworkNamespace } from "@churnlab/linux";
import type { RunningTarget } from "@churnlab/traffic";
import { awaitListener } from "../command/await-listener.ts";
import { createHosts, type Hosts } from "../netns-hosts.ts";
import { startUpstream } from "../netns-servers.ts";
import type { WorldBuilder } from "../world-builder.ts";
import { recordSysctls } from "./engine-sysctls.ts";

/** What becomes of a container that runs, before it is a trial's target. */
export interface JoinOrder {
  /** What the engine said against the sysctls; null where it has set them. */
  readonly refusal: ChurnError | null;
  readonly port: number;
  /** How to name its container in a message. */
  readonly program: string;
  /** How long it may take to listen. */
  readonly patienceMs: number;
}

export interface JoinParts {
  readonly spec: TrialSpec;
  readonly namespace: NetworkNamespace;
  readonly worlds: WorldBuilder;
  /** What is opened goes with it. */
  readonly stack: AsyncDisposableStack;
  /** How the container ended; null while it runs, and where that is not known here. */
  readonly ended: () => string | null;
}

export interface JoinedHosts {
  readonly hosts: Hosts;
  readonly upstream: RunningTarget | null;
}

/**
 * Records its sysctls, joins the namespace of a container with those of clients and upstream by veth pairs, and waits until it
 * listens. Rejects with `E_TARGET` when it does not.
 */
export async function joinContainer(
  { refusal, port, program, patienceMs }: JoinOrder,
  { spec, namespace, worlds, stack, ended }: JoinParts,
  signal: AbortSignal,
): Promise<JoinedHosts> {
  const sysctls = recordSysctls(namespace, spec.sysctls.target ?? {}, refusal);
  const hosts = stack.use(createHosts(spec, worlds.addresses, { namespace, sysctls }));
  const upstream = await startUpstream(spec, hosts, { threads: worlds.threads });
  stack.defer(async () => upstream?.stop());
  const { address: host } = hosts.target;
  await awaitListener({ namespace, host, port, program, patienceMs, ended }, signal);
  return { hosts, upstream };
}
