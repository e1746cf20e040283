/** A text that values are read from: a file, or one `--set` argument. */
export interface SourceText {
  /** As it is shown to people: a file name, or `--set`. */
  readonly name: string;
  readonly text: string;
  /** Offset of the first character of every line. */
  readonly lineStarts: readonly number[];
}

/** A span of a source, in UTF-16 units; `end` is after its last character. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

export function openSource(name: string, text: string): SourceText {
  const lineStarts = [0];
  for (let i = text.indexOf("\n"); i !== -1; i = text.indexOf("\n", i + 1)) lineStarts.push(i + 1);
  return { name, text, lineStarts };
}

/** Line and columns of a place, counted from 1. A place of many lines is shown up to the end of its first. */
export function locate(place: Place): {
  line: number;
  column: number;
  endColumn: number;
  sourceLine: string;
} {
  const { text, lineStarts } = place.source;
  let line = 0;
  let above = lineStarts.length;
  while (above - line > 1) {
    const middle = (line + above) >> 1;
    if ((lineStarts[middle] as number) <= place.start) line = middle;
    else above = middle;
  }
  const lineStart = lineStarts[line] as number;
  const sourceLine = text.slice(lineStart, lineStarts[line + 1] ?? text.length).trimEnd();
  const column = place.start - lineStart + 1;
  const endColumn = Math.max(column + 1, Math.min(place.end - lineStart, sourceLine.length) + 1);
  return { line: line + 1, column, endColumn, sourceLine };
}

export function wholePlace(source: SourceText): Place {
  return { source, start: 0, end: source.text.length };
}
