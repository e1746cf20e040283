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
  ["/", "to the filter of rows"],
  ["?", "shows and hides these keys"],
];

const ACTIONS: Readonly<Record<string, () => void>> = {
  j: () => step(1),
  k: () => step(-1),
  "/": focusFilter,
  "?": toggleKeyHelp,
};

/** Keys that work anywhere in a page, but where text is written. */
export function listenToKeys(): void {
  const place = document.createElement("div");
  document.body.append(place);
  render(h(KeyHelp, null), place);
  document.addEventListener("keydown", (event) => {
    const act = ACTIONS[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isWriting(event.target)) return;
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
