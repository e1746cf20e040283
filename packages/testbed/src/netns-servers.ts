import { ChurnError, type Target, type TrialSpec, type Workload } from "@churnlab/core";
import type { BuiltinTargetSpec, RunningTarget, TargetThreads } from "@churnlab/traffic";
import { CommandTarget } from "./command/command-target.ts";
import { UPSTREAM_PORT } from "./count-towards-upstream.ts";
import type { Hosts } from "./netns-hosts.ts";

/** The servers of a trial: the target, and behind a gateway its upstream. */
export interface Servers extends AsyncDisposable {
  readonly target: Target;
  /** What serves, for the environment. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Where servers live. */
export type ServerHosts = Pick<Hosts, "target" | "upstream">;

export interface ServerParts {
  readonly threads: TargetThreads;
  readonly signal: AbortSignal;
}

/** Starts them from the back, so that each finds what it dials. Rejects with `E_TARGET`. */
export async function startServers(
  spec: TrialSpec,
  hosts: ServerHosts,
  parts: ServerParts,
): Promise<Servers> {
  await using stack = new AsyncDisposableStack();
  const upstream = await startUpstream(spec, hosts, parts);
  stack.defer(async () => upstream?.stop());
  const started = await startTarget(spec, { hosts, upstream, ...parts });
  stack.defer(() => started.target.stop());
  const held = stack.move();
  return {
    target: started.target,
    facts: {
      "target.server": started.server,
      ...describeUpstream(upstream),
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What serves behind a gateway, for the environment; nothing where there is none. */
export function describeUpstream(
  upstream: Pick<RunningTarget, "server"> | null,
): Readonly<Record<string, string>> {
  return upstream === null ? {} : { "upstream.server": upstream.server };
}

const UPSTREAM: BuiltinTargetSpec = {
  server: "builtin",
  port: UPSTREAM_PORT,
  backlog: 4096,
  delayMs: 0,
  misbehaviour: "none",
  engine: "auto",
};

/** Answers what the clients are to get, and closes after whoever dials it. */
export async function startUpstream(
  { workload }: TrialSpec,
  { upstream }: ServerHosts,
  { threads }: Pick<ServerParts, "threads">,
): Promise<RunningTarget | null> {
  if (upstream === null) return null;
  const fromGateway: Workload = { ...workload, closer: "client", close: "fin" };
  return threads.start({
    namespaceFd: upstream.namespace.fd,
    address: upstream.address,
    spec: UPSTREAM,
    workload: fromGateway,
  });
}

interface StartedTarget {
  readonly target: Target & { stop(): Promise<void> };
  readonly server: string;
}

async function startTarget(
  spec: TrialSpec,
  {
    hosts,
    upstream,
    threads,
    signal,
  }: ServerParts & { readonly hosts: ServerHosts; readonly upstream: RunningTarget | null },
): Promise<StartedTarget> {
  const { namespace, address } = hosts.target;
  if ("server" in spec.target) {
    const target = await threads.start({
      namespaceFd: namespace.fd,
      address,
      spec: spec.target,
      workload: spec.workload,
      ...(upstream === null || spec.upstream === undefined
        ? {}
        : { upstream: { ...spec.upstream, ...upstream.address } }),
    });
    return { target, server: target.server };
  }
  if ("image" in spec.target || "url" in spec.target) {
    throw new ChurnError("E_TESTBED", "The netns testbed runs servers and commands, no images", {
      hint: "Use testbed: docker.",
    });
  }
  const options = {
    namespace,
    host: address,
    spec: spec.target,
    upstream: upstream === null ? null : `${upstream.address.host}:${upstream.address.port}`,
  };
  const target = await CommandTarget.start(options, signal);
  return { target, server: `command: ${spec.target.command.join(" ")}` };
}
