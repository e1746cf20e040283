import { resolve } from "node:path";
import { REENTERED_VARIABLE } from "@churnlab/linux";
import {
  type Dashboard,
  fileSource,
  type LiveFeed,
  startDashboard,
  storeSource,
} from "@churnlab/report";
import { openStore, type Store } from "@churnlab/store";
import { sayHowToReach } from "./say-how-to-reach.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

export interface RunDashboardOptions {
  readonly port: number;
  readonly terminal: Terminal;
  /** Tells what the run does. */
  readonly feed: LiveFeed;
  /** Ends the run. */
  readonly stop: () => void;
}

/**
 * Serves a run while it goes on, sample by sample. null in a process that was started again in namespaces of its own: nobody
 * could reach it there, and the process that started it serves instead.
 */
export async function serveRun(
  store: Store,
  { port, terminal, feed, stop }: RunDashboardOptions,
): Promise<AsyncDisposable | null> {
  if (process.env[REENTERED_VARIABLE] !== undefined) return null;
  const source = storeSource(store);
  const dashboard = await startDashboard({ source, version: VERSION, port, feed, stop });
  sayAddress(dashboard, terminal);
  return dashboard;
}

/** Serves the database that another process is going to write, and what that process tells through the socket beside it. */
export async function serveDatabase(
  file: string,
  { port, terminal }: Pick<RunDashboardOptions, "port" | "terminal">,
): Promise<AsyncDisposable> {
  // There has to be a database before one can be followed.
  openStore(file, { mode: "write" }).close();
  const source = fileSource(resolve(file));
  const dashboard = await startDashboard({ source, version: VERSION, port });
  sayAddress(dashboard, terminal);
  return dashboard;
}

function sayAddress(dashboard: Dashboard, terminal: Terminal): void {
  const live = new URL(dashboard.url);
  live.pathname = "/live";
  terminal.say(`dashboard  ${live.href}`);
  sayHowToReach(dashboard, terminal);
}
