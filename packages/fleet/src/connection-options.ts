import { ChurnError } from "@churnlab/core";
import { type NodeConnectionOptions, nkeyAuthenticator } from "@nats-io/transport-node";
import { inboxPrefix } from "./subjects.ts";

/** What a file of the fleet says of how to reach its server. */
export interface Access {
  readonly name: string;
  /** URL of the server. */
  readonly server: string;
  /** Seed of an NKey; null: none, for servers that ask for none. */
  readonly seed: string | null;
  /** PEM of the authority that the server's certificate is signed by; null: no TLS unless the server asks for it. */
  readonly ca: string | null;
}

/**
 * How to connect: by the key, and only to the server that the authority vouches for. With a `ca`, a server without TLS is
 * refused. Throws `E_AGENT_FILE` for a seed that is none.
 */
export function connectionOptions({ name, server, seed, ca }: Access): NodeConnectionOptions {
  return {
    servers: server,
    name,
    inboxPrefix: inboxPrefix(name),
    ...(seed === null ? {} : { authenticator: nkeyAuthenticator(bytesOf(name, seed)) }),
    ...(ca === null ? {} : { tls: { ca } }),
  };
}

function bytesOf(name: string, seed: string): Uint8Array {
  if (/^SU[A-Z2-7]{56}$/.test(seed)) return new TextEncoder().encode(seed);
  throw new ChurnError("E_AGENT_FILE", `The seed of ${name} is not that of an NKey.`, {
    hint: "It begins with SU and has 58 characters; `churnlab fleet init` writes one.",
  });
}
