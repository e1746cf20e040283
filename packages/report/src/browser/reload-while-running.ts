import { followStream } from "./follow-stream.ts";
import { readPageData } from "./read-page-data.ts";

/** Not more often than this, however fast trials end. */
const RELOAD_MS_MIN = 3000;

/** Loads the page of a run that goes on anew when a trial has been saved. A report in a file has nobody to ask. */
export function reloadWhileRunning(): void {
  const run = readPageData("run") as { readonly state: string } | null;
  if (run?.state !== "running") return;
  const leave = followStream({
    types: ["runs", "result", "end"],
    onEvent() {
      leave();
      setTimeout(() => location.reload(), RELOAD_MS_MIN);
    },
  });
}
