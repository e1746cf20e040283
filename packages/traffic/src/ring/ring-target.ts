import { OPCODE } from "@churnlab/linux";
import { serveBySlots } from "../slots/serve-by-slots.ts";
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
  serve: serveBySlots((job, events, place) => new RingServedWire(job, events, place)),
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
