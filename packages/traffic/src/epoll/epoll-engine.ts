import type { TargetAddress, Workload } from "@churnlab/core";
import type { Engine, WorkerJob } from "../engine.ts";
import { SlotLoad } from "../slots/slot-load.ts";
import { slotsFor } from "../slots/slots-for.ts";
import type { WorkerCounters } from "../worker-counters.ts";
import { EpollWire } from "./epoll-wire.ts";
import { probeEpoll } from "./probe-epoll.ts";

/** Non-blocking sockets through koffi, for Linux where io_uring is refused. It blocks its thread. */
export const epollEngine: Engine = {
  name: "epoll",

  probe: probeEpoll,

  refuses(_workload: Workload, target: TargetAddress): string | null {
    return target.tls ? "it speaks no TLS" : null;
  },

  async run(job: WorkerJob, counters: WorkerCounters): Promise<void> {
    const slots = slotsFor(job);
    const load = new SlotLoad(job, counters, slots);
    using wire = new EpollWire(job, load.connections, { slots, holdings: counters.holdings });
    load.run(wire);
  },
};
