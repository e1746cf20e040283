import { parseDurationMs } from "../parse-duration.ts";
import { ROLES } from "../role.ts";
import type {
  Arrival,
  FleetSpec,
  RequestsPerConnection,
  SysctlSettings,
  TargetSpec,
  TrialSpec,
  UpstreamSpec,
  Workload,
} from "../scenario.ts";
import { formatSysctlValue } from "../sysctl-catalogue/validate-sysctl.ts";
import { DEFAULTS } from "./defaults.ts";
import type {
  FileArrival,
  FileFleet,
  FileSpec,
  FileTarget,
  FileUpstream,
  FileWorkload,
} from "./file-spec.ts";
import { arrivalModel } from "./validate-spec.ts";

/** A spec that `validateSpec` has nothing against, with every default filled in. */
export function resolveSpec(spec: FileSpec): TrialSpec {
  const { phases = {}, observe = {} } = spec;
  const fleet = spec.fleet === undefined ? null : resolveFleet(spec.fleet);
  return {
    testbed: spec.testbed ?? DEFAULTS.testbed,
    topology: spec.topology ?? DEFAULTS.topology,
    target: resolveTarget(spec.target ?? {}),
    ...(spec.topology === "gateway" ? { upstream: resolveUpstream(spec.upstream ?? {}) } : {}),
    workload: resolveWorkload(spec.workload ?? {}, fleet),
    ...(fleet === null ? {} : { fleet }),
    phases: {
      warmUpMs: phases.warmUp ?? ms(DEFAULTS.phases.warmUp),
      measureMs: phases.measure ?? ms(DEFAULTS.phases.measure),
      drainMs: phases.drain ?? ms(DEFAULTS.phases.drain),
    },
    sysctls: resolveSysctls(spec.sysctls ?? {}),
    observe: {
      resets: observe.resets ?? DEFAULTS.observe.resets,
      ports: observe.ports ?? DEFAULTS.observe.ports,
    },
  };
}

function resolveTarget(target: FileTarget): TargetSpec {
  const { port = DEFAULTS.target.port, command } = target;
  const env = resolveEnvironment(target.env ?? {});
  if (target.url !== undefined) return { url: target.url };
  if (target.image !== undefined) {
    return { image: target.image, port, command: command ?? null, env };
  }
  if (command !== undefined) return { command, port, env };
  return {
    server: target.server ?? DEFAULTS.target.server,
    port,
    backlog: target.backlog ?? DEFAULTS.target.backlog,
    delayMs: target.delay ?? ms(DEFAULTS.target.delay),
    misbehaviour: target.misbehaviour ?? DEFAULTS.target.misbehaviour,
    engine: target.engine ?? DEFAULTS.target.engine,
  };
}

function resolveEnvironment(env: NonNullable<FileTarget["env"]>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
}

function resolveUpstream(upstream: FileUpstream): UpstreamSpec {
  return {
    connections: upstream.connections ?? DEFAULTS.upstream.connections,
    poolSize: upstream.poolSize ?? DEFAULTS.upstream.poolSize,
    idleTimeoutMs: upstream.idleTimeout ?? ms(DEFAULTS.upstream.idleTimeout),
  };
}

function resolveFleet({ agents, labels, perAgent, target }: FileFleet): FleetSpec {
  return {
    agents: agents ?? DEFAULTS.fleet.agents,
    labels: resolveLabels(labels),
    perAgent: {
      workers: perAgent?.workers ?? null,
      sources: perAgent?.sources ?? DEFAULTS.fleet.perAgent.sources,
    },
    target: { labels: resolveLabels(target?.labels) },
  };
}

function resolveLabels(labels: FileFleet["labels"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels ?? {}).map(([name, value]) => [name, String(value)]),
  );
}

/** Sources and workers of a fleet are those of all its agents. */
function resolveWorkload(workload: FileWorkload, fleet: FleetSpec | null): Workload {
  const { kind = "short-lived", protocol = DEFAULTS.workload.protocol, timeouts = {} } = workload;
  return {
    kind,
    closer: workload.closer ?? DEFAULTS.workload.closer,
    close: workload.close ?? DEFAULTS.workload.close,
    bind: workload.bind ?? DEFAULTS.workload.bind,
    requestsPerConnection: resolveRequests(
      workload.requestsPerConnection ?? DEFAULTS.requestsByKind[kind],
    ),
    lifetimeMs: workload.lifetime ?? null,
    thinkMs: workload.thinkTime ?? ms(DEFAULTS.workload.thinkTime),
    protocol,
    requestBytes: workload.requestBytes ?? DEFAULTS.bytesByProtocol[protocol].request,
    responseBytes: workload.responseBytes ?? DEFAULTS.bytesByProtocol[protocol].response,
    arrival: resolveArrival(workload.arrival ?? {}),
    sources:
      fleet === null
        ? (workload.sources ?? DEFAULTS.workload.sources)
        : fleet.agents * fleet.perAgent.sources,
    workers: workload.workers ?? null,
    engine: workload.engine ?? DEFAULTS.workload.engine,
    timeouts: {
      connectMs: timeouts.connect ?? ms(DEFAULTS.workload.connectTimeout),
      responseMs: timeouts.response ?? ms(DEFAULTS.workload.responseTimeout),
    },
  };
}

function resolveRequests(requests: number | string): RequestsPerConnection {
  if (typeof requests === "number" || requests === "unlimited") return requests;
  const [from, to] = requests.split("..").map(Number) as [number, number];
  return from === to ? from : { from, to };
}

function resolveArrival(arrival: FileArrival): Arrival {
  const limit = arrival.limit ?? null;
  if (arrivalModel(arrival) === "closed") {
    return { model: "closed", connections: arrival.connections ?? 1, limit };
  }
  return {
    model: "open",
    shape: arrival.shape ?? DEFAULTS.workload.shape,
    ratePerS: arrival.rate ?? 1,
    toPerS: arrival.to ?? null,
    steps: arrival.steps ?? null,
    limit,
  };
}

function resolveSysctls(settings: NonNullable<FileSpec["sysctls"]>): SysctlSettings {
  const byRole = ROLES.flatMap((role) => {
    const values = Object.entries(settings[role] ?? {});
    if (values.length === 0) return [];
    return [
      [role, Object.fromEntries(values.map(([name, value]) => [name, formatSysctlValue(value)]))],
    ];
  });
  return Object.fromEntries(byRole) as SysctlSettings;
}

function ms(duration: string): number {
  return parseDurationMs(duration) as number;
}
