/**
 * In CI properties draw the examples of the commit: the same each time that it is tested, and others for the next one;
 * elsewhere others each time. `CHURNLAB_PROPERTY_SEED` draws those of a number. A property that fails tells its seed by itself.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "vitest";

const asked = process.env["CHURNLAB_PROPERTY_SEED"];
const file = expect.getState().testPath ?? "";

// Others are not to wait until it is loaded.
if (
  (asked !== undefined || process.env["CI"] !== undefined) &&
  readFileSync(file, "utf8").includes('from "fast-check"')
) {
  const { configureGlobal, readConfigureGlobal } = await import("fast-check");
  configureGlobal({ ...readConfigureGlobal(), seed: Number(asked ?? seedOfCommit()) });
}

/** Its first 28 bits; 1 where there is no repository, or none that this user may read. */
function seedOfCommit(): number {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(0, 7), 16) : 1;
}
