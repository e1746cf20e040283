import type { TargetAddress, Workload } from "@churnlab/core";
import { readOwnPortRange } from "@churnlab/linux";
import { createResponseReader } from "../create-response-reader.ts";
import { cyclePorts } from "../cycle-ports.ts";
import type { Engine, EngineProbe, WorkerJob } from "../engine.ts";
import { runLoad } from "../load/run-load.ts";
import { encodeRequests } from "../requests.ts";
import type { WorkerCounters } from "../worker-counters.ts";
import { createNetDial, type LocalEnd } from "./net-wire.ts";

/** Plain Node sockets: works wherever Node does, for about twice the CPU time per connection of the faster engines. */
export const netEngine: Engine = {
  name: "net",

  probe(): EngineProbe {
    return { works: true };
  },

  refuses(workload: Workload, target: TargetAddress): string | null {
    if (target.tls) return "it speaks no TLS";
    if (workload.bind === "address-no-port") return "Node cannot set IP_BIND_ADDRESS_NO_PORT";
    return null;
  },

  async run(job: WorkerJob, counters: WorkerCounters): Promise<void> {
    const { workload, target } = job;
    const dial = createNetDial({
      target: { host: target.host, port: target.port },
      local: localEnd(job),
      requests: encodeRequests(workload, target),
      close: workload.close,
      createReader: () => createResponseReader(workload),
    });
    await runLoad(job, counters, dial);
  },
};

/** What is bound before connect; null where nothing is, and the kernel chooses the port last. */
function localEnd(job: WorkerJob): (() => LocalEnd) | null {
  const { workload, sourceAddress: localAddress, sourceShare = { index: 0, of: 1 } } = job;
  if (workload.bind === "none") return null;
  if (workload.bind === "address") return () => ({ localAddress });
  const nextPort = cyclePorts(readOwnPortRange(), sourceShare);
  return () => ({ localAddress, localPort: nextPort() });
}
