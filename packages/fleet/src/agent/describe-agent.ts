import { availableParallelism, release } from "node:os";
import { readSysctls } from "@churnlab/linux";
import { type ContainerAbility, findContainers, type SideNetwork } from "@churnlab/testbed";
import { ENGINES } from "@churnlab/traffic";
import type { AgentDescription } from "../messages/agent-description.ts";
import { PROTOCOL } from "../messages/envelope.ts";
import type { AgentOptions } from "./agent-options.ts";
import { ContainerProbe } from "./container-probe.ts";

const PORT_RANGE = "net.ipv4.ip_local_port_range";

/** What an agent says of itself, as of now; all but what may change is looked for once. */
export async function describeAgent(
  options: AgentOptions,
  instance: string,
  { namespace }: Pick<SideNetwork, "namespace">,
): Promise<() => Promise<AgentDescription>> {
  const { access, churnlab, roles, labels, network, addresses, capacity } = options;
  const engines = await Promise.all(
    ENGINES.map(async (entry) => ((await entry.load()).probe().works ? [entry.name] : [])),
  );
  const containers = await ContainerProbe.open(() => describeContainers(options));
  const lasting = {
    protocol: PROTOCOL,
    churnlab,
    name: access.name,
    instance,
    roles,
    labels,
    cores: availableParallelism(),
    capacity,
    kernel: release(),
    network: network.kind,
    addresses,
    portRange: readSysctls(namespace, [PORT_RANGE])[PORT_RANGE] ?? "",
    engines: engines.flat(),
  };
  return async () => ({
    ...lasting,
    containers: await containers.look(),
    nowMs: options.clock.nowMs(),
  });
}

/** What is certain to be refused is not offered. */
async function describeContainers({
  roles,
  network,
  limits,
}: AgentOptions): Promise<ContainerAbility> {
  if (!roles.includes("target")) return { lack: "it offers no target" };
  if (network.kind !== "link") return { lack: "its network is no bridge" };
  if (!limits.targets.includes("image")) return { lack: "limits.targets in its file has no image" };
  if (limits.images.length === 0) return { lack: "limits.images in its file names none" };
  return findContainers();
}
