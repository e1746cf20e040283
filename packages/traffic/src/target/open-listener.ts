import { type ListeningSocket, openListeningSocket, SystemError } from "@churnlab/linux";
import { refuseToListen } from "./refuse-to-listen.ts";
import type { TargetJob } from "./target-server.ts";

/** A socket that listens where the job wants it. `flags` are those of socket(2). Throws `E_TARGET`. */
export function openListener({ host, port, backlog }: TargetJob, flags = 0): ListeningSocket {
  try {
    return openListeningSocket({ host, port, backlog, flags });
  } catch (error) {
    throw error instanceof SystemError ? refuseToListen({ host, port }, error) : error;
  }
}
