import { resolve } from "node:path";
import { formatCount } from "@churnlab/core/format-number";
import { fileSource, startDashboard } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { onStopSignals } from "../on-stop-signals.ts";
import { sayHowToReach } from "../say-how-to-reach.ts";
import { terminal } from "../terminal.ts";
import { VERSION } from "../version.ts";

interface ServeOptions {
  readonly db: string;
  readonly port: number;
  readonly listen: string;
}

/** Serves the runs of a database until it is interrupted; a run that goes on elsewhere is followed. */
export async function serve({ db, port, listen }: ServeOptions): Promise<ExitCode> {
  const stopped = Promise.withResolvers<void>();
  // Heard once: the next signal ends the process, whatever is still to be closed.
  using signals = onStopSignals(() => {
    signals[Symbol.dispose]();
    stopped.resolve();
  });
  await using dashboard = await startDashboard({
    source: fileSource(resolve(db)),
    version: VERSION,
    port,
    listen,
  });
  terminal.print(dashboard.isLoopback ? dashboard.address : dashboard.url);
  sayHowToReach(dashboard, terminal);
  sayWhatGoesOn(resolve(db), dashboard.address);
  terminal.say("Ctrl-C ends it.");
  await stopped.promise;
  return EXIT.ok;
}

/** That a run of the database still goes on, and where to see it. */
function sayWhatGoesOn(file: string, address: string): void {
  using store = openStore(file, { mode: "read" });
  for (const { runId, scenario, state, plannedTrials, trials } of store.listRuns()) {
    if (state !== "running") continue;
    const ended = Object.values(trials).reduce((sum, count) => sum + count, 0);
    const done = `${ended} of ${formatCount(plannedTrials, "trial")} so far`;
    terminal.say(`● run ${runId} (${scenario}) still goes on, ${done}: ${address}live`);
  }
}
