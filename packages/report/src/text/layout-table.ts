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
 * places, an escape code none. Columns whose cells and title are all empty are left out. Of a table wider than the screen
 * the first column gets lines of its own, and where that is not enough every cell; nothing is dropped.
 */
export function layoutTable(
  columns: readonly Column[],
  rows: readonly TableRow[],
  screenColumns: number = Number.POSITIVE_INFINITY,
): string[] {
  const cellRows = rows.filter(isCells);
  const fits = (lines: readonly string[]): boolean =>
    lines.every((line) => stringWidth(line) <= screenColumns);
  if (fits(layOut(columns, cellRows))) return layOut(columns, rows);
  if (fits(layOutLed(columns, cellRows))) return layOutLed(columns, rows);
  return layOutStacked(columns, rows);
}

function layOut(columns: readonly Column[], rows: readonly TableRow[]): string[] {
  const cellRows = rows.filter(isCells);
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
  return [...head, ...rows.map((row) => (isCells(row) ? line(row) : row.heading))];
}

/** The first cell of a row on a line of its own, the others in columns below it. */
function layOutLed([first, ...others]: readonly Column[], rows: readonly TableRow[]): string[] {
  const titles = [first?.title ?? "", ...others.map(({ title }) => title)];
  const hasTitles = titles.some((title) => title !== "");
  const all = hasTitles ? [titles, ...rows] : rows;
  const indent = indentBelow(rows);
  const below = layOut(
    others.map(({ align }) => ({ title: "", align })),
    all.filter(isCells).map(([, ...cells]) => cells),
  ).values();
  return all.flatMap((row) => {
    if (!isCells(row)) return [row.heading];
    const line = `${indent}${below.next().value ?? ""}`.trimEnd();
    return [onOneLine(row[0] ?? ""), line].filter((one) => one !== "");
  });
}

/** A line for each cell of a row, named by its column. */
function layOutStacked([, ...others]: readonly Column[], rows: readonly TableRow[]): string[] {
  const indent = indentBelow(rows);
  const titleWidth = Math.max(0, ...others.map(({ title }) => stringWidth(title)));
  return rows.flatMap((row, i) => {
    if (!isCells(row)) return [row.heading];
    const [first = "", ...cells] = row;
    const lines = cells.flatMap((cell, column) => {
      if (cell.trim() === "") return [];
      const title = pad(others[column]?.title ?? "", titleWidth, "left");
      return [`${indent}${[title, onOneLine(cell).trim()].filter((one) => one !== "").join(GAP)}`];
    });
    // A row that goes on with the one before is told from it all the same.
    return first === "" ? [...(i > 0 ? [""] : []), ...lines] : [onOneLine(first), ...lines];
  });
}

/** Below the first cells, whatever depth those are at. */
function indentBelow(rows: readonly TableRow[]): string {
  const depths = rows.filter(isCells).map(([first = ""]) => first.search(/\S|$/));
  return " ".repeat(Math.max(0, ...depths) + GAP.length);
}

function isCells(row: TableRow): row is readonly string[] {
  return Array.isArray(row);
}

function onOneLine(cell: string): string {
  return cell.replaceAll(/\s*\n\s*/g, " ");
}

function pad(cell: string, width: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(cell)));
  return align === "left" ? cell + space : space + cell;
}
