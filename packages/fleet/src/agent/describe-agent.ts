import { availableParallelism, release } from "node:os";
import { readSysctls } from "@churnlab/linux";
import type { SideNetwork } from "@churnlab/testbed";
import { ENGINES } from "@churnlab/traffic";
import type { AgentDescription } from "../messages/agent-description.ts";
import { PROTOCOL } from "../messages/envelope.ts";
import type { AgentOptions } from "./agent-options.ts";

const PORT_RANGE = "net.ipv4.ip_local_port_range";

/** What an agent says of itself; the clock is added with each answer. */
export async function describeAgent(
  options: AgentOptions,
  instance: string,
  { namespace }: Pick<SideNetwork, "namespace">,
): Promise<Omit<AgentDescription, "nowMs">> {
  const { access, churnlab, roles, labels, network, addresses, capacity } = options;
  const engines = await Promise.all(
    ENGINES.map(async (entry) => ((await entry.load()).probe().works ? [entry.name] : [])),
  );
  return {
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
}
