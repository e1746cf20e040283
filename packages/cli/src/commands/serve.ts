import { resolve } from "node:path";
import { fileSource, startDashboard } from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
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
  const interrupted = untilInterrupted();
  await using dashboard = await startDashboard({
    source: fileSource(resolve(db)),
    version: VERSION,
    port,
    listen,
  });
  terminal.print(dashboard.isLoopback ? dashboard.address : dashboard.url);
  sayHowToReach(dashboard, terminal);
  terminal.say("Ctrl-C ends it.");
  await interrupted;
  return EXIT.ok;
}

function untilInterrupted(): Promise<void> {
  return new Promise((done) => {
    process.once("SIGINT", () => done());
    process.once("SIGTERM", () => done());
  });
}
