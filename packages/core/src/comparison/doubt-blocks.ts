import { BLOCKS_MIN } from "./collect-warnings.ts";
import type { Comparison } from "./comparison.ts";

/** Why so few blocks bear neither a verdict nor a gate; null when there are enough for an interval. */
export function doubtBlocks({ n }: Pick<Comparison, "n">): string | null {
  return n < BLOCKS_MIN ? `need ≥ ${BLOCKS_MIN} blocks, have ${n}` : null;
}
