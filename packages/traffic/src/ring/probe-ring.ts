import { probeUring, type UringProbe } from "@churnlab/linux";

let probed: UringProbe | undefined;

/** Whether io_uring works here. The answer does not change while the process lives. */
export function probeRing(): UringProbe {
  probed ??= probeUring();
  return probed;
}
