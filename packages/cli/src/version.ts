import { createRequire } from "node:module";

/** The version of this churnlab, as its package states it. */
export const VERSION: string = (
  createRequire(import.meta.url)("../package.json") as { version: string }
).version;
