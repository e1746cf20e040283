import stringWidth from "string-width";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** A line that goes over all columns, such as the name of a group. */
export interface Heading {
  readonly heading: string;
}

export type TableRow = readonly string[] | Heading;

const GAP = "  ";

/**
 * Lines with every column as wide as its widest cell. Widths are those of a terminal: a wide character takes two
 * places, an escape code none. Columns whose cells and title are all empty are left out.
 */
export function layoutTable(columns: readonly Column[], rows: readonly TableRow[]): string[] {
  const cellRows = rows.filter((row): row is readonly string[] => Array.isArray(row));
  const widths = columns.map(({ title }, i) =>
    Math.max(stringWidth(title), ...cellRows.map((row) => stringWidth(onOneLine(row[i] ?? "")))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, i) => ({ align, cell: onOneLine(cells[i] ?? ""), width: widths[i] ?? 0 }))
      .filter(({ width }) => width > 0)
      .map(({ align, cell, width }) => pad(cell, width, align))
      .join(GAP)
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  const head = titles.some((title) => title !== "") ? [line(titles)] : [];
  return [...head, ...rows.map((row) => ("heading" in row ? row.heading : line(row)))];
}

function onOneLine(cell: string): string {
  return cell.replaceAll(/\s*\n\s*/g, " ");
}

function pad(cell: string, width: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(cell)));
  return align === "left" ? cell + space : space + cell;
}
