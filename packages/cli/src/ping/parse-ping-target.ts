import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ChurnError } from "@churnlab/core/errors";
import { errnoOf } from "@churnlab/linux";
import type { PingTarget } from "@churnlab/report/watch";

/** `host:port` or `[address]:port`, with the host looked up. Throws `E_USAGE`. */
export async function parsePingTarget(text: string, timeoutMs: number): Promise<PingTarget> {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new ChurnError("E_USAGE", `"${text}" is not a host and a port`, {
      hint: "Write host:port, 192.0.2.1:80, or [2001:db8::1]:80.",
    });
  }
  return { host, port, timeoutMs, address: isIP(host) > 0 ? host : await resolve(host) };
}

async function resolve(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    const code = errnoOf(cause);
    // No answer of a name server says nothing of the name.
    const message =
      code === "ENOTFOUND"
        ? `The name ${host} has no address.`
        : `The name ${host} could not be looked up (${code ?? "unknown"}).`;
    const hint = "Give an IP address, or look at what `getent hosts` says.";
    throw new ChurnError("E_USAGE", message, { hint, cause });
  }
}
