// Whether the controller's run is over and its results are served; how it ended is in its log, and in FINISHED.
import { existsSync } from "node:fs";
import { FINISHED, LISTEN_PORT } from "./places.mjs";

const isServed = async () => (await fetch(`http://127.0.0.1:${LISTEN_PORT}/healthz`)).ok;
process.exitCode = existsSync(FINISHED) && (await isServed().catch(() => false)) ? 0 : 1;
