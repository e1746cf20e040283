import { ChurnError } from "@churnlab/core";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type Access, connectionOptions } from "./connection-options.ts";
import { requireProtection } from "./protection.ts";
import { parseServerUrl, withoutSecrets } from "./server-url.ts";

/** A server that answers no ping for this long is gone. */
const PING_MS = 2000;
const PINGS_MISSED_MAX = 2;
const RECONNECT_MS = 250;
const CONNECT_MS_MAX = 5000;

/**
 * Connects with an inbox of its own. A lost server is sought until the connection is closed. A user and password, or a token, may
 * stand in the URL. Rejects with `E_NATS`, also for a server on another machine without verified TLS or that lets everybody in,
 * unless `access.insecure`.
 */
export async function connectNats(access: Access): Promise<NatsConnection> {
  const { username, password } = parseServerUrl(access.server);
  const login = [username, password].map(decodeURIComponent) as [string, string];
  let connection: NatsConnection;
  try {
    connection = await connect({
      ...connectionOptions({ ...access, server: withoutSecrets(access.server) }),
      pingInterval: PING_MS,
      maxPingOut: PINGS_MISSED_MAX,
      reconnectTimeWait: RECONNECT_MS,
      maxReconnectAttempts: -1,
      timeout: CONNECT_MS_MAX,
      // Each question would note where it was asked, for the case that it fails: a sixth of what it costs to ask.
      noAsyncTraces: true,
      ...loginOptions(login),
    });
  } catch (error) {
    if (error instanceof ChurnError) throw error;
    const why = withoutAdvice(error instanceof Error ? error.message : String(error));
    throw new ChurnError("E_NATS", `No connection to ${withoutSecrets(access.server)}: ${why}`, {
      hint: hintOf(why, access),
      cause: error,
    });
  }
  try {
    requireVersion(connection, access);
    requireProtection(connection, access);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Node.js adds how it would be told to trust the machine's authorities, of which that of a fleet is none. */
function withoutAdvice(why: string): string {
  return why.replace(/; if the root CA is installed locally.*$/s, "");
}

/** How OpenSSL says that nobody it trusts has signed the certificate: "self-signed certificate in certificate chain", … */
const UNKNOWN_AUTHORITY =
  /self[- ]signed certificate|unable to (?:verify the first|get (?:local )?issuer) certificate/;

function hintOf(why: string, { ca }: Access): string {
  if (UNKNOWN_AUTHORITY.test(why)) {
    return ca === null
      ? "A server of churnlab fleet init has a certificate of that fleet's own: say --config FILE (agent) or --fleet FILE (run), which hold its ca and key."
      : "The file's ca is not the server's: use the files that fleet init wrote together with this server's.";
  }
  if (/certificate has expired|certificate is not yet valid/.test(why)) {
    return "By this machine's clock the certificate of the server is not good. Where it is over: churnlab fleet init --force makes all anew, for the server and every agent.";
  }
  if (why.includes("altnames")) {
    return "The server's certificate is for another name: reach it by the one that fleet init was told (--host), or let fleet init make all anew with this one.";
  }
  return why.includes("'tls'")
    ? "The server has to speak TLS: churnlab fleet init writes its configuration. Where the network is yours alone, --insecure does without."
    : "Is a nats-server listening there, and are name and key right?";
}

/** Of what a fleet uses of JetStream, 2.9 is the first to have all. */
const MAJOR_MIN = 2;
const MINOR_MIN = 9;

function requireVersion({ info }: NatsConnection, { server }: Access): void {
  const version = info?.version ?? "";
  const [, major = "0", minor = "0"] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  const isOld =
    Number(major) < MAJOR_MIN || (Number(major) === MAJOR_MIN && Number(minor) < MINOR_MIN);
  if (!isOld) return;
  throw new ChurnError(
    "E_NATS",
    `${withoutSecrets(server)} is a nats-server ${version || "of no version"}`,
    { hint: `A fleet needs ${MAJOR_MIN}.${MINOR_MIN} or newer.` },
  );
}

/** `user:password@host`, or `token@host`. */
function loginOptions([user, pass]: readonly [string, string]): Record<string, string> {
  if (user === "") return {};
  return pass === "" ? { token: user } : { user, pass };
}
