import { type ComponentChildren, h } from "preact";
import { keepTogether } from "../keep-together.ts";

/** Names as churnlab's own sentences quote them; what else stands between backticks is somebody's text. */
const QUOTED = /`([\w.:/=~#@%+, -]{1,100})`/;

/** A sentence as it is read: numbers stay with their units, and what it quotes from a screen or a file looks like it. */
export function words(sentence: string): ComponentChildren[] {
  // Of a split by a pattern with one group every second piece is what the group holds.
  return sentence
    .split(QUOTED)
    .map((piece, i) =>
      i % 2 === 0 ? keepTogether(piece) : h("code", { key: `${i} ${piece}` }, piece),
    );
}
