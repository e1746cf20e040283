import { statSync } from "node:fs";
import { ChurnError, quoteWord } from "@churnlab/core";
import { hasNetworkDevice, type NetworkNamespace, openNetworkNamespace } from "@churnlab/linux";
import type { SideNetwork } from "@churnlab/testbed";
import type { AgentNetworkKind } from "../messages/agent-description.ts";
import type { AgentNetwork } from "./agent-options.ts";

const OWN = "/proc/self/ns/net";
const OF_INIT = "/proc/1/ns/net";

/** A network that is open, and what is known of where it is. */
export interface OpenedNetwork extends Disposable {
  readonly side: SideNetwork;
  readonly path: string;
  /** A namespace that is the agent's own, or that of the first process it sees, is the host, by whatever path it is named. */
  readonly kind: AgentNetworkKind;
}

/** Opens what an agent's network names. Throws `E_NAMESPACE`, also where its bridge is not there. */
export function openSideNetwork(network: AgentNetwork): OpenedNetwork {
  const path = network.kind === "host" ? OWN : (network.path ?? OWN);
  const namespace = openNetworkNamespace(path);
  const opened = { path, [Symbol.dispose]: () => namespace.close() };
  if (network.kind === "link") {
    requireBridge(namespace, network);
    const side = { kind: "bridge", namespace, device: network.bridge } as const;
    return { ...opened, kind: "link", side };
  }
  const isHost = [OWN, OF_INIT].some((each) => inodeOf(each) === namespace.inode);
  return { ...opened, kind: isHost ? "host" : "namespace", side: { kind: "given", namespace } };
}

/** A bridge that is missing would otherwise look like an agent that is lost during a trial. Closes the namespace then. */
function requireBridge(
  namespace: NetworkNamespace,
  { bridge, path }: Extract<AgentNetwork, { kind: "link" }>,
): void {
  let isThere = false;
  try {
    isThere = hasNetworkDevice(namespace, bridge);
  } finally {
    if (!isThere) namespace.close();
  }
  if (isThere) return;
  const where = path === null ? "this network namespace" : `the network namespace ${path}`;
  const device = quoteWord(bridge);
  throw new ChurnError("E_NAMESPACE", `There is no device ${bridge} in ${where}`, {
    hint: `Make it there: ip link add ${device} type bridge && ip link set ${device} up`,
  });
}

/** null where it may not be looked at: then it cannot have been opened either. */
function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
}
