import type { TrialSpec } from "../scenario.ts";

/**
 * Why a port is not free at once after its connection. `none`: it is. `reuse-delay`: connect() takes over TIME_WAIT that
 * is older than tcp_tw_reuse_delay. `time-wait`: it waits for the end of TIME_WAIT.
 */
export const PORT_WAITS = ["none", "reuse-delay", "time-wait"] as const;
export type PortWaitKind = (typeof PORT_WAITS)[number];

export interface PortWait {
  readonly kind: PortWaitKind;
  /** In words, to follow "because". */
  readonly because: string;
  /** With `reuse-delay`. */
  readonly delayMs: number;
}

/** What the dialling side's ports wait for after a connection, and why. */
export function findPortWait(spec: TrialSpec): PortWait {
  const { workload, sysctls } = spec;
  const client = sysctls.client ?? {};
  const autobind = client["net.ipv4.ip_autobind_reuse"] === "1";
  const hasTimestamps =
    (client[TIMESTAMPS] ?? "1") !== "0" && (sysctls.target?.[TIMESTAMPS] ?? "1") !== "0";
  if (workload.close === "rst") return wait("none", "a RST leaves no TIME_WAIT");
  if (workload.closer === "server")
    return wait("none", "the server closes first and holds TIME_WAIT");
  if (workload.bind === "port" && hasTimestamps) {
    return wait("none", "a bound port with SO_REUSEADDR takes over its own TIME_WAIT at once");
  }
  if (workload.bind === "address" && autobind) {
    return wait("none", "ip_autobind_reuse lets bind() share ports in TIME_WAIT");
  }
  const reuses = client["net.ipv4.tcp_tw_reuse"] === "1";
  const choosesLate = workload.bind === "none" || workload.bind === "address-no-port";
  if (reuses && choosesLate && hasTimestamps) {
    const delayMs = Number(client["net.ipv4.tcp_tw_reuse_delay"] ?? 1000);
    return { kind: "reuse-delay", because: "tcp_tw_reuse is 1", delayMs };
  }
  if (workload.bind === "port") {
    return wait("time-wait", "a bound port takes over its TIME_WAIT only with TCP timestamps");
  }
  return wait("time-wait", explainWait({ reuses, choosesLate }));
}

const TIMESTAMPS = "net.ipv4.tcp_timestamps";

function wait(kind: PortWaitKind, because: string): PortWait {
  return { kind, because, delayMs: 0 };
}

function explainWait({ reuses, choosesLate }: { reuses: boolean; choosesLate: boolean }): string {
  if (!reuses) return "the client closes first and tcp_tw_reuse is not 1";
  if (!choosesLate) return "bind() takes the port, where tcp_tw_reuse does not act";
  return "tcp_tw_reuse needs TCP timestamps on both ends";
}
