import type { TargetAddress, Workload } from "@churnlab/core";
import { OPCODE } from "@churnlab/linux";
import type { Engine, WorkerJob } from "../engine.ts";
import { SlotLoad } from "../slots/slot-load.ts";
import { slotsFor, withinOpenFiles } from "../slots/slots-for.ts";
import type { WorkerCounters } from "../worker-counters.ts";
import { probeRing } from "./probe-ring.ts";
import { RingWire } from "./ring-wire.ts";

/** io_uring: the fastest engine, for Linux 6.1 and later where it is not refused. It blocks its thread. */
export const ringEngine: Engine = {
  name: "ring",

  probe: probeRing,

  refuses(workload: Workload, target: TargetAddress): string | null {
    if (target.tls) return "it speaks no TLS";
    const probe = probeRing();
    if (!probe.works) return probe.reason;
    if (workload.bind !== "none" && !probe.opcodes.has(OPCODE.BIND)) {
      return "binding through io_uring needs Linux 6.11";
    }
    return null;
  },

  async run(job: WorkerJob, counters: WorkerCounters): Promise<void> {
    // The limit on open files bounds the table of each ring, not what all workers have open together.
    const slots = withinOpenFiles(slotsFor(job));
    const load = new SlotLoad(job, counters, slots);
    using wire = new RingWire(job, load.connections, slots);
    load.run(wire);
  },
};
