import { DIAG_WORD, maskOfTcpState, type SockDiag, swapPort } from "@churnlab/linux";

/** Where an upstream of ours listens, whatever the target's port is. */
export const UPSTREAM_PORT = 8080;

/** Connections of a gateway towards its upstream: those that stay when nobody asks any more are its pool's. */
export function countTowardsUpstream(diag: SockDiag): number {
  let count = 0;
  diag.dump(maskOfTcpState("ESTABLISHED"), {
    begin: () => {
      count = 0;
    },
    visit: (words, at) => {
      const remotePort = swapPort((words[at + DIAG_WORD.PORTS] as number) >>> 16);
      if (remotePort === UPSTREAM_PORT) count++;
    },
  });
  return count;
}
