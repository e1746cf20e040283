import { ChurnError } from "@churnlab/core";
import type { NatsConnection } from "@nats-io/transport-node";
import { isLoopback, withoutSecrets } from "../connect.ts";
import type { LineOptions } from "../connection-options.ts";
import type { AgentOptions } from "./agent-options.ts";

type Protected = Pick<AgentOptions, "access" | "insecure">;

/**
 * What the line to the server must be. What a server on another machine says of itself is anybody's word before TLS has shown
 * whose it is: so it is TLS that is verified, whatever the URL says.
 */
export function requiredLine(options: Protected): LineOptions {
  return mayBeOpen(options) ? {} : { tls: true };
}

/** Throws `E_NATS` for a server on another machine that lets everybody in: whoever reaches it commands its agents. */
export function requireProtection(nc: NatsConnection, options: Protected): void {
  if (mayBeOpen(options) || nc.info?.auth_required === true) return;
  const server = withoutSecrets(options.access.server);
  throw new ChurnError("E_NATS", `${server} lets everybody in, and is on another machine`, {
    hint: "Protect it (churnlab fleet init writes its configuration), or say --insecure where the network is yours alone.",
  });
}

function mayBeOpen({ access, insecure }: Protected): boolean {
  return insecure || isLoopback(access.server);
}
