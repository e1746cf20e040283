import type { LiveFeed } from "@churnlab/report";
import type { Store } from "@churnlab/store";
import type { RunFollower } from "./follow-run.ts";
import type { Testbeds } from "./open-testbeds.ts";
import type { Reporter } from "./reporter.ts";
import type { Terminal } from "./terminal.ts";

/** What every scenario of one `run` command shares. */
export interface RunSession {
  readonly store: Store;
  readonly testbeds: Testbeds;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Where the trials run, as the command says it: see `listPlaceFlags`. */
  readonly placeFlags: readonly string[];
  /** A trial that contradicts the port model fails the run, as a gate does. */
  readonly gateModel: boolean;
  readonly reporters: readonly Reporter[];
  /** Told of every trial as it ends. */
  readonly follower: RunFollower;
  /** Told what the run does, for dashboards of this process and of others. */
  readonly feed: LiveFeed;
}
