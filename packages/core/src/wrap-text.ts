/** How wide what a person reads may be. */
const COLUMNS = 100;

/**
 * Breaks text at spaces into lines of at most `columns`, 100 if absent. The first line starts with `prefix`, the others
 * are indented as far.
 */
export function wrapText(text: string, prefix: string, columns: number = COLUMNS): string[] {
  const lines: string[] = [];
  let line = prefix;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = " ".repeat(prefix.length);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
