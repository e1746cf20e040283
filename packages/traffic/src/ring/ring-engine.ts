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
    return refusalOnKernel(workload, probe.opcodes);
  },

  async run(job: WorkerJob, counters: WorkerCounters): Promise<void> {
    // The limit on open files bounds the table of each ring, not what all workers have open together.
    const slots = withinOpenFiles(slotsFor(job));
    const load = new SlotLoad(job, counters, slots);
    using wire = new RingWire(job, load.connections, { slots, holdings: counters.holdings });
    load.run(wire);
  },
};

/** Why a kernel with these operations cannot run a workload over io_uring; null where it can. */
export function refusalOnKernel(workload: Workload, opcodes: ReadonlySet<number>): string | null {
  if (workload.bind !== "none" && !opcodes.has(OPCODE.BIND)) {
    return "binding through io_uring needs Linux 6.11";
  }
  // Setting options has no number of its own to ask for; it came with this one.
  if (workload.close === "rst" && !opcodes.has(OPCODE.READ_MULTISHOT)) {
    return "closing by reset through io_uring needs Linux 6.7";
  }
  return null;
}
