import type { Guard } from "./guard-requests.ts";
import type { PageThread } from "./page-thread.ts";
import type { RunSource } from "./run-source.ts";
import type { StreamHub } from "./stream-hub.ts";

/** What every route works with. */
export interface DashboardContext {
  readonly source: RunSource;
  /** Builds what takes long to build. */
  readonly pages: PageThread;
  readonly hub: StreamHub;
  readonly guard: Guard;
  readonly version: string;
  /** Takes note of what has happened since the last look, where nobody tells. */
  readonly look: () => void;
  /** The same for who asks now and then, and waits, within bounds, for what goes on now. */
  readonly ask: () => Promise<void>;
  /** Ends the run of this process; null where there is none to end. */
  readonly stop: (() => void) | null;
}
