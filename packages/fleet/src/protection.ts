import { ChurnError } from "@churnlab/core";
import type { NatsConnection } from "@nats-io/transport-node";
import { isLoopback, withoutSecrets } from "./server-url.ts";

/** A server, and whether it may be open although it is on another machine. */
interface Protected {
  readonly server: string;
  readonly insecure?: boolean;
}

/**
 * Whether the line has to be TLS. What a server on another machine says of itself is anybody's word before TLS has shown whose it
 * is: so it is TLS that is verified, whatever the URL says.
 */
export function needsTls(access: Protected): boolean {
  return !mayBeOpen(access);
}

/**
 * Throws `E_NATS` for a server on another machine that lets everybody in: whoever reaches it commands the agents, and writes what a
 * controller takes for their results.
 */
export function requireProtection(nc: NatsConnection, access: Protected): void {
  if (mayBeOpen(access) || nc.info?.auth_required === true) return;
  const server = withoutSecrets(access.server);
  throw new ChurnError("E_NATS", `${server} lets everybody in, and is on another machine`, {
    hint: "Protect it (churnlab fleet init writes its configuration), or say --insecure where the network is yours alone.",
  });
}

function mayBeOpen({ server, insecure = false }: Protected): boolean {
  return insecure || isLoopback(server);
}
