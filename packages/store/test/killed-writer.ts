// Starts a run, saves one trial, and is killed: the program of abandoned-run.test.ts.
import { openStore } from "../src/index.ts";
import { completed, start, trialOf } from "./made-run.ts";

const store = openStore(process.argv.at(2) as string, { mode: "write" });
const runId = store.startRun(start);
store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
process.kill(process.pid, "SIGKILL");
