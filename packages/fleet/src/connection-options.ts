import { ChurnError } from "@churnlab/core";
import {
  type NodeConnectionOptions,
  nkeyAuthenticator,
  type TlsOptions,
} from "@nats-io/transport-node";
import { needsTls } from "./protection.ts";
import { parseServerUrl } from "./server-url.ts";
import { inboxPrefix } from "./subjects.ts";

/** What a file of the fleet says of how to reach its server. */
export interface Access {
  readonly name: string;
  /** URL of the server. */
  readonly server: string;
  /** Seed of an NKey; null: none, for servers that ask for none. */
  readonly seed: string | null;
  /** PEM of the authority that the server's certificate is signed by; null: those that Node.js trusts. */
  readonly ca: string | null;
  /** Whether a server on another machine may do without TLS, and let everybody in; absent: no. */
  readonly insecure?: boolean;
}

/**
 * How to connect: by the key, and only to the server that the authority vouches for, now and whenever the connection is made
 * again. Other servers that it names are not followed: nobody said that they may be trusted. Throws `E_AGENT_FILE` for a seed that
 * is none.
 */
export function connectionOptions(access: Access): NodeConnectionOptions {
  const { name, server, seed, ca } = access;
  const tls = ca !== null || server.startsWith("tls://") || needsTls(access);
  return {
    servers: server,
    name,
    inboxPrefix: inboxPrefix(name),
    ...(seed === null ? {} : { authenticator: nkeyAuthenticator(bytesOf(name, seed)) }),
    ignoreClusterUpdates: true,
    ...(tls ? { tls: tlsOptions(server, ca) } : {}),
  };
}

/** The client names no server where its URL has an address, and Node.js then looks for `localhost` in the certificate: `host` names it. */
function tlsOptions(server: string, ca: string | null): TlsOptions & { readonly host: string } {
  const host = parseServerUrl(server).hostname.replace(/^\[(.*)\]$/, "$1");
  return ca === null ? { host } : { host, ca };
}

function bytesOf(name: string, seed: string): Uint8Array {
  if (/^SU[A-Z2-7]{56}$/.test(seed)) return new TextEncoder().encode(seed);
  throw new ChurnError("E_AGENT_FILE", `The seed of ${name} is not that of an NKey`, {
    hint: "It begins with SU and has 58 characters; `churnlab fleet init` writes one.",
  });
}
