import type { NatsConnection } from "@nats-io/transport-node";
import type { Access } from "./connection-options.ts";
import { isLoopback, withoutSecrets } from "./server-url.ts";

/** The first patch of each minor version with all that is known to have mended permissions: NATS advisories 2026-06-29 and before. */
const MENDED: readonly (readonly [minor: number, patch: number])[] = [
  [11, 16],
  [12, 7],
];

/**
 * What to tell of a server on another machine whose permissions are all that keeps agents apart, and of whose version a way past
 * permissions was published (https://advisories.nats.io). null: none that is known, which later versions may still have.
 */
export function foreseeHoles(
  { info }: Pick<NatsConnection, "info">,
  { server, seed }: Pick<Access, "server" | "seed">,
): string | null {
  const version = info?.version ?? "";
  if (seed === null || isLoopback(server) || isMended(version)) return null;
  return `${withoutSecrets(server)} is a nats-server ${version}: ways past the permissions of such versions were published and are mended in ${MENDED.map(([minor, patch]) => `2.${minor}.${patch}`).join(" and ")} (https://advisories.nats.io). Run a newer one where agents do not trust each other`;
}

function isMended(version: string): boolean {
  const [, major = 0, minor = 0, patch = 0] = (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).map(
    Number,
  );
  if (major !== 2) return major > 2;
  const line = MENDED.find(([mended]) => mended === minor);
  return line === undefined ? minor > 12 : patch >= line[1];
}
