import { createRequire } from "node:module";
import { ChurnError } from "@churnlab/core/errors";
import type BetterSqlite3 from "better-sqlite3";

/** better-sqlite3 13 is built for Node-API 10; under an older Node it ends the process without a message. */
const NAPI_MIN = 10;

/**
 * Loads better-sqlite3 once it is known that this Node can. Loading is late, so that commands without a database do
 * not pay for it. Throws `E_PLATFORM`.
 */
export function loadSqlite(
  versions: { readonly node: string; readonly napi?: string } = process.versions,
): typeof BetterSqlite3 {
  if (Number(versions.napi ?? 0) < NAPI_MIN) {
    throw new ChurnError("E_PLATFORM", `Node ${versions.node} is too old for the database`, {
      hint: "Use Node 24.21 or newer; in a clone, `npx churnlab` runs the pinned one.",
    });
  }
  return createRequire(import.meta.url)("better-sqlite3") as typeof BetterSqlite3;
}
