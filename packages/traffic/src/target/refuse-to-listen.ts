import { ChurnError } from "@churnlab/core";
import type { TargetJob } from "./target-server.ts";

/** The error of a target whose address or port is refused. */
export function refuseToListen(
  { host, port }: Pick<TargetJob, "host" | "port">,
  cause: NodeJS.ErrnoException,
): ChurnError {
  const message = `The target cannot listen on ${host} port ${port}: ${cause.code}`;
  return new ChurnError("E_TARGET", message, { hint: hintFor(cause.code), cause });
}

function hintFor(code: string | undefined): string {
  if (code === "EADDRINUSE") return "Stop what listens there, or give the target another `port`.";
  if (code === "EACCES") return "Give the target a `port` of 1024 or above, or run as root.";
  if (code === "EADDRNOTAVAIL") return "Give it an address of this host: `ip address` lists them.";
  return "Give the target another `port`.";
}
