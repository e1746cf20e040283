// Whether the controller's run has ended well, and its results are served.
import { readFileSync } from "node:fs";
import { FINISHED } from "./places.mjs";

try {
  process.exitCode = readFileSync(FINISHED, "utf8").trim() === "0" ? 0 : 1;
} catch {
  process.exitCode = 1; // it still runs
}
