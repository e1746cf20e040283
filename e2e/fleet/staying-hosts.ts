import {
  createNetworkNamespace,
  joinByBridge,
  type NetworkNamespace,
  readSysctls,
} from "@churnlab/linux";
import type { AgentSpec } from "./start-fleet.ts";

/** Ports of hosts that stay begin so; those of trials begin otherwise. */
const STAYING_PORT = "stays";

/** What a trial may change where its side stays, with values that no kernel has by itself. */
export const CHANGED_SYSCTLS = {
  "net.ipv4.tcp_max_syn_backlog": "777",
  "net.core.somaxconn": "888",
} as const;
const CHANGED_NAMES = Object.keys(CHANGED_SYSCTLS);

/** A namespace that outlives the sides of trials in it, at the bridge all the time. */
export interface StayingHost {
  readonly name: string;
  readonly namespace: NetworkNamespace;
  readonly was: Readonly<Record<string, string>>;
}

export function openStayingHosts(
  specs: readonly AgentSpec[],
  parts: {
    readonly lan: NetworkNamespace;
    readonly bridge: string;
    readonly stack: AsyncDisposableStack;
  },
): StayingHost[] {
  return specs
    .filter(({ stays }) => stays)
    .map((spec, i) => {
      const namespace = parts.stack.use(createNetworkNamespace());
      joinByBridge({
        bridge: { namespace: parts.lan, device: parts.bridge, port: `${STAYING_PORT}${i}` },
        host: { namespace, device: "c0", addresses: spec.addresses },
        peers: specs.filter((other) => other !== spec).flatMap(({ addresses }) => addresses),
      });
      return { name: spec.name, namespace, was: readSysctls(namespace, CHANGED_NAMES) };
    });
}

/** Which of its sysctls are not what they were before any trial. */
export function listChangedSysctls({ namespace, was }: StayingHost): string[] {
  const now = readSysctls(namespace, CHANGED_NAMES);
  return CHANGED_NAMES.filter((name) => now[name] !== was[name]);
}
