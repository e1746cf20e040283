/**
 * Properties draw the same examples in each run of CI, so that what it says of a change is of that change; elsewhere others
 * each time. `CHURNLAB_PROPERTY_SEED` draws those of a number. A property that fails tells its seed by itself.
 */
import { readFileSync } from "node:fs";
import { expect } from "vitest";

const asked = process.env["CHURNLAB_PROPERTY_SEED"] ?? (process.env["CI"] === undefined ? "" : "1");
const file = expect.getState().testPath ?? "";

// Others are not to wait until it is loaded.
if (asked !== "" && readFileSync(file, "utf8").includes('from "fast-check"')) {
  const { configureGlobal, readConfigureGlobal } = await import("fast-check");
  configureGlobal({ ...readConfigureGlobal(), seed: Number(asked) });
}
