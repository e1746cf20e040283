import { libc } from "@churnlab/linux";
import { listenOnly } from "../target/listen-only.ts";
import { openListener } from "../target/open-listener.ts";
import type { TargetJob, TargetServer } from "../target/target-server.ts";
import { ServedSlots } from "./served-slots.ts";
import type { ServedEvents, ServedPlace, ServedWire } from "./served-wire.ts";
import { servedSlots } from "./slots-for.ts";

export type MakeServedWire = (
  job: TargetJob,
  events: ServedEvents,
  place: ServedPlace,
) => ServedWire & Disposable;

/** How a target serves whose connections a wire carries by slot: it blocks its thread. `flags` are its listener's, of socket(2). */
export function serveBySlots(makeWire: MakeServedWire, flags = 0): TargetServer["serve"] {
  return async (job, counters, listening) => {
    if (job.misbehaviour === "never-accept") return listenOnly(job, counters, listening);
    const slots = servedSlots();
    const { fd, port } = openListener(job, flags);
    const { holdings } = counters;
    const letGo = holdings.holdDescriptor(fd);
    try {
      const served = new ServedSlots(job, counters, slots);
      using wire = makeWire(job, served, { slots, listener: fd, holdings });
      listening(port);
      served.run(wire);
    } finally {
      letGo();
      libc().close(fd);
    }
  };
}
