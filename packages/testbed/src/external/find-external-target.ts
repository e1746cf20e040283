import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { ChurnError, type TargetAddress } from "@churnlab/core";

/** A server that is not churnlab's, by number and by name. */
export interface ExternalTarget extends TargetAddress {
  readonly url: string;
  /** Whether it is this machine's own, or in the range that RFC 2544 sets aside for tests: anybody may load it. */
  readonly isFree: boolean;
}

/** The target that a URL names, with the address that its host has now. Rejects with `E_TARGET`. */
export async function findExternalTarget(url: string): Promise<ExternalTarget> {
  const { protocol, hostname, port, host: authority, pathname, search } = new URL(url);
  const tls = protocol === "https:";
  const host = await resolveHost(hostname.replace(/^\[|\]$/g, ""));
  return {
    url,
    host,
    port: port === "" ? (tls ? 443 : 80) : Number(port),
    path: pathname + search,
    authority,
    tls,
    isFree: isFreeToLoad(host),
  };
}

async function resolveHost(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ChurnError("E_TARGET", `The host ${name} has no address (${code})`, {
      hint: "Is target.url spelled right? Its name is looked up on this machine.",
      cause,
    });
  }
}

/** Loopback (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3) and the benchmark range 198.18.0.0/15 (RFC 2544, appendix C.2.2). */
export function isFreeToLoad(address: string): boolean {
  if (isIPv6(address)) {
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
    return mapped === undefined ? address === "::1" : isFreeToLoad(mapped);
  }
  const [first, second] = address.split(".").map(Number);
  return first === 127 || (first === 198 && (second === 18 || second === 19));
}
