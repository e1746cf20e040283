import type { TrialSpec } from "@churnlab/core";
import { OWN_IMAGE } from "./own-image.ts";

/** What of a trial decides whether its target is in a container, and in which. */
export type ImageSpec = Pick<TrialSpec, "testbed" | "target">;

/** The image that a target in a container runs: the scenario's, or that of churnlab's own servers; null where it is in none. */
export function imageOf({ testbed, target }: ImageSpec): string | null {
  if (testbed !== "docker") return null;
  return !("server" in target) && "image" in target ? target.image : OWN_IMAGE;
}
