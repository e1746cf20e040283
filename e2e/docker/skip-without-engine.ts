import { beforeEach, inject } from "vitest";

/** Skips the tests of the file, with the reason, where no container engine can be used. True where they run. */
export function skipWithoutEngine(): boolean {
  const { missing } = inject("engine");
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });
  return missing === null;
}
