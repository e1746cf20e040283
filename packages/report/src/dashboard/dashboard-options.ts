import type { LiveFeed } from "../live/live-feed.ts";
import type { RunSource } from "./run-source.ts";

export interface DashboardOptions {
  readonly source: RunSource;
  /** Of churnlab. */
  readonly version: string;
  /** 7700 when absent; 0 takes a free one. */
  readonly port?: number;
  /** Address to listen on; 127.0.0.1 when absent. Any other than loopback answers only to who knows the token. */
  readonly listen?: string;
  /** A run of this process; without one the database is followed. */
  readonly feed?: LiveFeed;
  /** Ends that run; only pages that know the token can ask for it. */
  readonly stop?: () => void;
}
