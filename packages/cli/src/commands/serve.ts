import { resolve } from "node:path";
import { type Dashboard, fileSource, startDashboard } from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
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
  sayHowToReach(dashboard);
  terminal.say("Ctrl-C ends it.");
  await interrupted;
  return EXIT.ok;
}

/** What has to be known of a dashboard that is open to others. */
export function sayHowToReach({ isLoopback, address }: Dashboard): void {
  if (isLoopback) return;
  const { port } = new URL(address);
  terminal.say("! Everybody who knows this address with its token can read every run.");
  terminal.say(
    "! It travels without TLS. Over a network you do not trust, keep to 127.0.0.1 and use",
  );
  terminal.say(`!   ssh -L ${port}:127.0.0.1:${port} HOST      or put a TLS proxy in front:`);
  terminal.say(`!   caddy reverse-proxy --from HOST:8443 --to 127.0.0.1:${port}`);
}

function untilInterrupted(): Promise<void> {
  return new Promise((done) => {
    process.once("SIGINT", () => done());
    process.once("SIGTERM", () => done());
  });
}
