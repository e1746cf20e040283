import { openStore, type Store } from "@churnlab/store";
import type { DashboardOptions } from "../../src/dashboard/dashboard-options.ts";
import { storeSource } from "../../src/dashboard/run-source.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/start-dashboard.ts";
import { LiveFeed } from "../../src/live/live-feed.ts";
import { TemporaryDirectory } from "../fixtures/make-run.ts";

/** A dashboard over a database of its own, with a feed to play runs into. */
export interface OpenDashboard extends AsyncDisposable {
  readonly store: Store;
  readonly feed: LiveFeed;
  readonly dashboard: Dashboard;
  /** The address of a path, without a token. */
  at(path: string): string;
  readonly token: string;
}

export async function openDashboard(
  options: Partial<DashboardOptions> = {},
): Promise<OpenDashboard> {
  const place = new TemporaryDirectory();
  const store = openStore(place.file("runs.db"), { mode: "write" });
  const feed = new LiveFeed();
  const dashboard = await startDashboard({
    source: storeSource(store),
    version: "0.1.0",
    port: 0,
    feed,
    ...options,
  });
  return {
    store,
    feed,
    dashboard,
    at: (path) => new URL(path, dashboard.address).href,
    token: new URL(dashboard.url).searchParams.get("token") ?? "",
    async [Symbol.asyncDispose]() {
      await dashboard.close();
      store.close();
      place[Symbol.dispose]();
    },
  };
}

export interface ServerSentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

/** Reads a stream until so many events have come, and leaves it. */
export async function readEvents(
  address: string,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<ServerSentEvent[]> {
  const leave = new AbortController();
  const response = await fetch(address, { headers, signal: leave.signal });
  if (response.body === null) throw new Error("the stream has no body");
  const events: ServerSentEvent[] = [];
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(
        block
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      if (!fields.has("event")) continue;
      events.push({
        id: fields.get("id") ?? "",
        type: fields.get("event") ?? "",
        data: JSON.parse(fields.get("data") ?? "null"),
      });
    }
    if (events.length >= count) break;
  }
  leave.abort();
  return events.slice(0, count);
}
