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
/** More lines than this below the first cell of a row are not read as columns any more. */
const GROUPS_MAX = 2;

/**
 * Lines with every column as wide as its widest cell. Widths are those of a terminal: a wide character takes two
 * places, an escape code none. Columns whose cells and title are all empty are left out. A row that is wider than the
 * screen has its first cell on a line of its own, the others in columns on one or two lines below; where that is not
 * enough, on a line each. Nothing is dropped.
 */
export function layoutTable(
  columns: readonly Column[],
  rows: readonly TableRow[],
  screenColumns: number = Number.POSITIVE_INFINITY,
): string[] {
  const cellRows = rows.filter(isCells);
  const measured = measureColumns(columns, cellRows);
  const titles = columns.map(({ title }) => title);
  const all = titles.some((title) => title !== "") ? [titles, ...rows] : rows;
  if (widthOf(measured) <= screenColumns) return layOutRows(all, "", [measured]);
  const indent = indentBelow(cellRows);
  const room = screenColumns - indent.length;
  const [first, ...others] = measured as [MeasuredColumn, ...MeasuredColumn[]];
  const groups = groupColumns(others, room);
  const fits = groups.length <= GROUPS_MAX && groups.every((group) => widthOf(group) <= room);
  return fits
    ? layOutRows(all, indent, [[{ ...first, width: 0 }], ...groups])
    : layOutStacked(rows, indent, measured);
}

interface MeasuredColumn extends Column {
  /** Of its cells in their rows. */
  readonly place: number;
  readonly width: number;
}

function measureColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): MeasuredColumn[] {
  return columns
    .map((column, place) => {
      const widths = rows.map((row) => stringWidth(cellOf(row, place)));
      return { ...column, place, width: Math.max(stringWidth(column.title), ...widths) };
    })
    .filter(({ width }) => width > 0);
}

function widthOf(columns: readonly MeasuredColumn[]): number {
  return columns.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
}

/** As many columns on a line as there is room for, in their order. */
function groupColumns(columns: readonly MeasuredColumn[], room: number): MeasuredColumn[][] {
  const groups: MeasuredColumn[][] = [];
  for (const column of columns) {
    const group = groups.at(-1);
    if (group !== undefined && widthOf([...group, column]) <= room) group.push(column);
    else groups.push([column]);
  }
  return groups;
}

/** For each row a line of each group of columns, the later ones indented and left out where they are empty. */
function layOutRows(
  rows: readonly TableRow[],
  indent: string,
  groups: readonly (readonly MeasuredColumn[])[],
): string[] {
  return rows.flatMap((row) => {
    if (!isCells(row)) return [row.heading];
    const lines = groups.map((group, i) => {
      const cells = group.map(({ place, width, align }) => pad(cellOf(row, place), width, align));
      return `${i === 0 ? "" : indent}${cells.join(GAP)}`.trimEnd();
    });
    return lines.filter((line) => line !== "" || groups.length === 1);
  });
}

/** For each cell of a row a line, named by its column; a cell without a name stands beside the first. */
function layOutStacked(
  rows: readonly TableRow[],
  indent: string,
  [first, ...others]: readonly MeasuredColumn[],
): string[] {
  const named = others.filter(({ title }) => title !== "");
  const below = named.length === 0 ? others : named;
  const beside = others.filter((column) => !below.includes(column));
  const titleWidth = Math.max(0, ...below.map(({ title }) => stringWidth(title)));
  const nameOf = (title: string): string =>
    titleWidth === 0 ? "" : pad(title, titleWidth, "left") + GAP;
  const lines = rows.flatMap((row, i) => {
    if (!isCells(row)) return [row.heading];
    const head = [first?.place ?? 0, ...beside.map(({ place }) => place)]
      .map((place) => cellOf(row, place))
      .filter((cell) => cell.trim() !== "")
      .join(GAP);
    // A row that goes on with the one before is told from it all the same.
    const top = head !== "" ? [head] : i > 0 ? [""] : [];
    const cells = below.map(({ title, place }) => ({ title, cell: cellOf(row, place).trim() }));
    const lower = cells.filter(({ cell }) => cell !== "");
    return [...top, ...lower.map(({ title, cell }) => indent + nameOf(title) + cell)];
  });
  return first === undefined || first.title === "" ? lines : [first.title, ...lines];
}

/** Below the first cells, whatever depth those are at. */
function indentBelow(rows: readonly (readonly string[])[]): string {
  const depths = rows.map(([first = ""]) => first.search(/\S|$/));
  return " ".repeat(Math.max(0, ...depths) + GAP.length);
}

function isCells(row: TableRow): row is readonly string[] {
  return Array.isArray(row);
}

function cellOf(row: readonly string[], place: number): string {
  return (row[place] ?? "").replaceAll(/\s*\n\s*/g, " ");
}

function pad(cell: string, width: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(cell)));
  return align === "left" ? cell + space : space + cell;
}
