import { libc } from "@churnlab/linux";
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
  refuses: () => null,

  async serve(job, counters, listening): Promise<void> {
    if (job.misbehaviour === "never-accept") return listenOnly(job, counters, listening);
    const slots = servedSlots();
    const { fd, port } = openListener(job);
    try {
      const served = new ServedSlots(job, counters, slots);
      using wire = new RingServedWire(job, served, { listener: fd, slots });
      listening(port);
      served.run(wire);
    } finally {
      libc().close(fd);
    }
  },
};
