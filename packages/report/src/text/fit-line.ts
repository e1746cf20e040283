import stringWidth from "string-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The line, cut to this many columns of a terminal with `…` at the end if it is longer. */
export function fitLine(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line;
  let fitted = "";
  let width = 0;
  for (const { segment } of graphemes.segment(line)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    fitted += segment;
  }
  return columns > 0 ? `${fitted}…` : "";
}
