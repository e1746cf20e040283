import { distinctSysctls, type Role, type SysctlRecord, type TrialSpec } from "@churnlab/core";
import {
  applySysctls,
  createNetworkNamespace,
  joinByVeth,
  type NetworkNamespace,
} from "@churnlab/linux";
import type { AddressPlan } from "./address-plan.ts";
import { orderSysctls } from "./order-sysctls.ts";

/** One host of a trial: a namespace, what role it has, and its address. */
export interface Host {
  readonly role: Role;
  readonly namespace: NetworkNamespace;
  readonly address: string;
}

/** The hosts of a trial, held open until disposed; the kernel removes them with their cables then. */
export interface Hosts extends Disposable {
  readonly clients: readonly Host[];
  readonly target: Host;
  /** Topology gateway only. */
  readonly upstream: Host | null;
  readonly all: readonly Host[];
  readonly sysctls: readonly SysctlRecord[];
}

/** A target that is there already, with its sysctls: a container. */
export interface GivenTarget {
  readonly namespace: NetworkNamespace;
  readonly sysctls: readonly SysctlRecord[];
}

/**
 * Makes one namespace per source address, one for the target and, behind a gateway, one for the upstream; joins each client
 * and the upstream with the target by a veth pair of its own, and writes every role's sysctls. Never loopback:
 * `tcp_tw_reuse=2`, the default, reuses ports there and nowhere else.
 */
export function createHosts(
  spec: TrialSpec,
  addresses: AddressPlan,
  given: GivenTarget | null = null,
): Hosts {
  using stack = new DisposableStack();
  const open = (role: Role, address: string): Host => ({
    role,
    address,
    namespace: stack.use(createNetworkNamespace()),
  });
  const target: Host =
    given === null
      ? open("target", addresses.target)
      : { role: "target", address: addresses.target, namespace: given.namespace };
  const clients = Array.from({ length: spec.workload.sources }, (_, i) =>
    open("client", addresses.client(i)),
  );
  clients.forEach((client, i) => {
    joinByVeth({
      left: { namespace: client.namespace, device: "c0", addresses: [client.address] },
      right: { namespace: target.namespace, device: `t${i}`, addresses: [target.address] },
    });
  });
  const upstream = spec.topology === "gateway" ? open("upstream", addresses.upstream) : null;
  if (upstream !== null) joinUpstream(upstream, target);
  const all = [...clients, target, ...(upstream === null ? [] : [upstream])];
  const sysctls = all.flatMap((host) =>
    host === target && given !== null ? given.sysctls : writeSysctls(host, spec),
  );
  const held = stack.move();
  return {
    clients,
    target,
    upstream,
    all,
    sysctls: distinctSysctls(sysctls),
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** The cable between a gateway and its upstream, which nobody else uses. */
export function joinUpstream(
  upstream: Pick<Host, "namespace" | "address">,
  target: Pick<Host, "namespace" | "address">,
): void {
  joinByVeth({
    left: { namespace: upstream.namespace, device: "u0", addresses: [upstream.address] },
    right: { namespace: target.namespace, device: "up", addresses: [target.address] },
  });
}

/** Writes what the trial wants of a host's role, and reads it back. Throws as `applySysctls` does, at the first refusal. */
export function writeSysctls({ role, namespace }: Host, spec: TrialSpec): SysctlRecord[] {
  const changes = applySysctls(namespace, orderSysctls(namespace, spec.sysctls[role] ?? {}));
  return changes.map((change) => ({ role, ...change }));
}
