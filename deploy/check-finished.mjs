// Whether the controller's run has ended with 0, so all its gates hold, and its results are served. A run that ended otherwise is
// served too, for its results are worth looking at, but is not healthy; its log says why.
import { readFileSync } from "node:fs";
import { FINISHED, LISTEN_PORT } from "./places.mjs";

process.exitCode = hasPassed() && (await isServed().catch(() => false)) ? 0 : 1;

/** @returns {boolean} */
function hasPassed() {
  try {
    return readFileSync(FINISHED, "utf8").trim() === "0";
  } catch {
    return false; // it still runs
  }
}

/** @returns {Promise<boolean>} */
async function isServed() {
  return (await fetch(`http://127.0.0.1:${LISTEN_PORT}/healthz`)).ok;
}
