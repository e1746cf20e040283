import { h, type JSX, render } from "preact";
import { focusFilter } from "./row-filter.ts";

/** What j and k go through: charts where there are any, else the runs of a list. */
const STOPS = [".plot-area", "main tbody th a"] as const;

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ["j  k", "to the next and the previous chart, or run of a list"],
  [
    "← →",
    "on a chart: to the next sample, read out; PageUp and PageDown go further, Home and End to its ends",
  ],
  ["Esc", "on a chart: leaves its cursor; in the filter: empties it"],
  ["[  ]", "in a report: to the replicate before and after"],
  ["{  }", "in a report of the dashboard: to the run before and after"],
  ["space", "on the page of a run that goes on: holds it still, and lets it go on"],
  ["/", "to the filter of rows"],
  ["?", "shows and hides these keys"],
];

const BRACKETS = "[]{}";

const actions = new Map<string, () => void>([
  ["j", () => step(1)],
  ["k", () => step(-1)],
  ["{", () => followLink("prev")],
  ["}", () => followLink("next")],
  ["/", focusFilter],
  ["?", toggleKeyHelp],
]);

/** Gives a key of `KEYS` what it does on this page. */
export function bindKey(key: string, act: () => void): void {
  actions.set(key, act);
}

/** Keys that work anywhere in a page, but where text is written. */
export function listenToKeys(): void {
  const place = document.createElement("div");
  document.body.append(place);
  render(h(KeyHelp, null), place);
  document.addEventListener("keydown", (event) => {
    const act = actions.get(event.key);
    if (act === undefined || event.ctrlKey || event.metaKey) return;
    // On some keyboards brackets are typed with Alt.
    if (event.altKey && !BRACKETS.includes(event.key)) return;
    if (isWriting(event.target) || (event.key === " " && isPressed(event.target))) return;
    event.preventDefault();
    act();
  });
}

export function toggleKeyHelp(): void {
  const dialog = document.querySelector<HTMLDialogElement>("#keys");
  if (dialog?.open === true) dialog.close();
  else dialog?.showModal();
}

function KeyHelp(): JSX.Element {
  return h(
    "dialog",
    { id: "keys", "aria-labelledby": "keys-title" },
    h("h2", { id: "keys-title" }, "Keys"),
    h(
      "dl",
      { class: "sentences" },
      KEYS.map(([key, what]) => [
        h("dt", { key }, h("kbd", null, key)),
        h("dd", { key: `${key} what` }, what),
      ]),
    ),
    h("button", { type: "button", class: "button", onClick: toggleKeyHelp }, "Close"),
  );
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.matches("input:not([type=radio], [type=checkbox]), textarea, select")
  );
}

/** Whether the space bar is the element's own. */
function isPressed(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, input, select, summary") !== null;
}

function followLink(rel: "prev" | "next"): void {
  document.querySelector<HTMLAnchorElement>(`a[rel=${rel}]`)?.click();
}

function step(by: 1 | -1): void {
  const stops = STOPS.map((selector) =>
    [...document.querySelectorAll<HTMLElement>(selector)].filter(
      (element) => element.offsetParent !== null,
    ),
  ).find((found) => found.length > 0);
  if (stops === undefined) return;
  const here = stops.indexOf(document.activeElement as HTMLElement);
  const next = here < 0 ? (by > 0 ? 0 : stops.length - 1) : here + by;
  const stop = stops[Math.min(stops.length - 1, Math.max(0, next))];
  stop?.focus({ preventScroll: true });
  stop?.scrollIntoView({ block: "center" });
}
