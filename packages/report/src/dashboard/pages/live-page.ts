import { h, type JSX } from "preact";
import type { LiveState } from "../../live/live-state.ts";
import { LiveView } from "../../live/live-view.ts";

/** The live view as it is at this moment; its script takes over from here. */
export function LivePage({ state }: { readonly state: LiveState }): JSX.Element {
  return h(
    "main",
    { class: "page live-page", id: "live" },
    h(LiveView, {
      state,
      elapsedMs: state.head.elapsedMs,
      trouble: null,
      charts: h("p", { class: "note" }, "Charts are drawn by a script, which does not run here."),
      onStop: null,
    }),
  );
}
