import { openNetworkNamespace } from "@churnlab/linux";
import type { SideNetwork } from "@churnlab/testbed";
import type { AgentNetwork } from "./agent-options.ts";

const OWN = "/proc/self/ns/net";

/** Opens what an agent's network names. Throws `E_NAMESPACE`. */
export function openSideNetwork(network: AgentNetwork): SideNetwork & Disposable {
  const path = network.kind === "host" ? OWN : (network.path ?? OWN);
  const namespace = openNetworkNamespace(path);
  const close = { [Symbol.dispose]: () => namespace.close() };
  if (network.kind === "link") {
    return { kind: "bridge", namespace, device: network.bridge, ...close };
  }
  return { kind: "given", namespace, ...close };
}
