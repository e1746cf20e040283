import { z } from "zod";

/**
 * By which right an agent is asked: the lock on it. A server that lost its files begins to count revisions anew, so that a lock
 * of the newer store comes after every one of the store before.
 */
export interface Fence {
  /** When the store of locks was made, Unix milliseconds of the server. */
  readonly storeMs: number;
  /** Of this agent's own lock in it, which the server only ever raises. */
  readonly revision: number;
}

/** Of who has no lock. */
export const NO_FENCE: Fence = { storeMs: 0, revision: 0 };

export const fenceSchema: z.ZodType<Fence> = z.strictObject({
  storeMs: z.int().nonnegative(),
  revision: z.int().nonnegative(),
});

/** Whether the lock `a` was taken before the lock `b`. */
export function isBefore(a: Fence, b: Fence): boolean {
  return a.storeMs === b.storeMs ? a.revision < b.revision : a.storeMs < b.storeMs;
}
