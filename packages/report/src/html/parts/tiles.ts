import { h, type JSX } from "preact";
import type { Tone } from "./mark.ts";

/** One number that is worth a look before all others. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: Tone;
}

export function Tiles({ tiles }: { readonly tiles: readonly Tile[] }): JSX.Element {
  return h(
    "dl",
    { class: "tiles" },
    tiles.map(({ label, value, note, tone }) =>
      h(
        "div",
        { key: label, class: `tile ${tone ?? ""}` },
        h("dt", null, label),
        h(
          "dd",
          null,
          h("span", { class: "tile-value" }, value),
          h("span", { class: "tile-note" }, note),
        ),
      ),
    ),
  );
}
