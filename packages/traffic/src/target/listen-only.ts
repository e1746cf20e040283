import { libc } from "@churnlab/linux";
import { openListener } from "./open-listener.ts";
import type { TargetCounters } from "./target-counters.ts";
import type { TargetJob } from "./target-server.ts";
import { untilStopped } from "./until-stopped.ts";

/**
 * The misbehaviour `never-accept`: a listening socket whose queue fills up. The kernel completes handshakes until it is full
 * and then drops SYNs (tcp_v4_syn_recv_sock, sk_acceptq_is_full). Node has no server that does not accept.
 */
export async function listenOnly(
  job: TargetJob,
  counters: TargetCounters,
  listening: (port: number) => void,
): Promise<void> {
  const { fd, port } = openListener(job);
  const letGo = counters.holdings.holdDescriptor(fd);
  try {
    listening(port);
    await untilStopped(counters);
  } finally {
    letGo();
    libc().close(fd);
  }
}
