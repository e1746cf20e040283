import { libc, OPCODE } from "@churnlab/linux";
import { ServedSlots } from "../slots/served-slots.ts";
import { servedSlots } from "../slots/slots-for.ts";
import { listenOnly } from "../target/listen-only.ts";
import { openListener } from "../target/open-listener.ts";
import type { TargetServer } from "../target/target-server.ts";
import { probeRing } from "./probe-ring.ts";
import { RingServedWire } from "./ring-served-wire.ts";

/** The built-in server over io_uring. It blocks its thread. */
export const ringTarget: TargetServer = {
  name: "ring",
  probe: probeRing,
  refuses({ workload, misbehaviour }) {
    const probe = probeRing();
    if (!probe.works) return probe.reason;
    const resets = misbehaviour === "reset-after-accept" || workload.close === "rst";
    return resets && !probe.opcodes.has(OPCODE.READ_MULTISHOT)
      ? "closing by reset through io_uring needs Linux 6.7"
      : null;
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
