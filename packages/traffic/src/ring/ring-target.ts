import { libc, OPCODE } from "@churnlab/linux";
import { ServedSlots } from "../slots/served-slots.ts";
import { servedSlots } from "../slots/slots-for.ts";
import { listenOnly } from "../target/listen-only.ts";
import { openListener } from "../target/open-listener.ts";
import type { TargetJob, TargetServer } from "../target/target-server.ts";
import { probeRing } from "./probe-ring.ts";
import { RingServedWire } from "./ring-served-wire.ts";

/** The built-in server over io_uring. It blocks its thread. */
export const ringTarget: TargetServer = {
  name: "ring",
  probe: probeRing,
  refuses(job) {
    const probe = probeRing();
    return probe.works ? refusalToServeOnKernel(job, probe.opcodes) : probe.reason;
  },

  async serve(job, counters, listening): Promise<void> {
    if (job.misbehaviour === "never-accept") return listenOnly(job, counters, listening);
    const slots = servedSlots();
    const { fd, port } = openListener(job);
    const letGo = counters.holdings.holdDescriptor(fd);
    try {
      const served = new ServedSlots(job, counters, slots);
      using wire = new RingServedWire(job, served, {
        slots,
        listener: fd,
        holdings: counters.holdings,
      });
      listening(port);
      served.run(wire);
    } finally {
      letGo();
      libc().close(fd);
    }
  },
};

/** Why a kernel with these operations cannot serve a job over io_uring; null where it can. See `refusalOnKernel`. */
export function refusalToServeOnKernel(
  { workload, misbehaviour }: Pick<TargetJob, "workload" | "misbehaviour">,
  opcodes: ReadonlySet<number>,
): string | null {
  const resets = misbehaviour === "reset-after-accept" || workload.close === "rst";
  return resets && !opcodes.has(OPCODE.READ_MULTISHOT)
    ? "closing by reset through io_uring needs Linux 6.7"
    : null;
}
