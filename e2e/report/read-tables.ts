import type { Page } from "playwright-core";

/** A table of a page by its words; a cell has a number where the page says one for programs. */
export interface PageTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly PageCell[])[];
}

export interface PageCell {
  readonly text: string;
  readonly value: number | null;
}

/** Every table that a reader of the page has, also those that are folded away. */
export async function readTables(page: Page): Promise<PageTable[]> {
  const raw = await page.evaluate(() =>
    [...document.querySelectorAll("table")].map((table) => ({
      caption: table.caption?.textContent ?? "",
      columns: [...table.querySelectorAll("thead th")].map((title) => title.textContent ?? ""),
      rows: [...table.querySelectorAll("tbody tr")].map((row) =>
        [...row.children].map((cell) => ({
          text: cell.textContent ?? "",
          value: cell.querySelector("data")?.getAttribute("value") ?? null,
        })),
      ),
    })),
  );
  return raw.map(({ caption, columns, rows }) => ({
    caption: tidy(caption),
    columns: columns.map(tidy),
    rows: rows.map((row) =>
      row.map(({ text, value }) => ({
        text: tidy(text),
        value: value === null ? null : Number(value),
      })),
    ),
  }));
}

/** Numbers and their units are kept on one line by spaces of another kind. */
function tidy(text: string): string {
  return text.replaceAll("\u00a0", " ").trim();
}

/** The one table whose caption begins so. */
export function findTable(tables: readonly PageTable[], caption: string): PageTable {
  const found = tables.find((table) => table.caption.startsWith(caption));
  if (found === undefined) {
    throw new Error(
      `no table "${caption}" among ${tables.map((table) => table.caption).join("; ")}`,
    );
  }
  return found;
}

/** The cell of a row in the column of this title. */
export function cellOf(table: PageTable, row: readonly PageCell[], column: string): PageCell {
  const cell = row[table.columns.indexOf(column)];
  if (cell === undefined) throw new Error(`no column "${column}" in ${table.columns.join(", ")}`);
  return cell;
}
