import stringWidth from "string-width";

const INDENT = 4;

/**
 * Text for a screen of this many columns: longer lines go on below, indented. A table breaks between its columns, prose
 * between its words; a word is never broken, so that what is copied from the screen stays whole.
 */
export function fitText(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => (stringWidth(line) <= columns ? [line] : breakLine(line, columns)))
    .join("\n");
}

function breakLine(line: string, columns: number): string[] {
  const [margin = ""] = /^ */.exec(line) ?? [];
  const indent = " ".repeat(Math.min(margin.length + INDENT, Math.floor(columns / 2)));
  const lines: string[] = [];
  let current = margin;
  const add = (gap: string, piece: string): void => {
    const isBegun = current.trim() !== "";
    const longer = isBegun ? current + gap + piece : current + piece;
    if (!isBegun || stringWidth(longer) <= columns) {
      current = longer;
      return;
    }
    lines.push(current);
    current = indent + piece;
  };
  for (const [, gap = "", cell = ""] of line
    .slice(margin.length)
    .matchAll(/( {2,}|^)(\S+(?: \S+)*)/g)) {
    if (stringWidth(cell) <= columns - indent.length) add(gap, cell);
    else cell.split(" ").forEach((word, i) => add(i === 0 ? gap : " ", word));
  }
  return [...lines, current];
}
