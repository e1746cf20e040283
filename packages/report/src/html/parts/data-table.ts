import { type ComponentChildren, h, type JSX } from "preact";

export interface TableColumn {
  readonly title: ComponentChildren;
  readonly align?: "right";
}

export interface TableProps {
  /** What the table is; read out before it, and shown above it. */
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly ComponentChildren[])[];
}

/** A table that can be scrolled sideways on a narrow screen, also by keyboard. */
export function DataTable({ caption, columns, rows }: TableProps): JSX.Element {
  const cellClass = (i: number): string | undefined => columns[i]?.align;
  return h(
    "div",
    { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      null,
      h("caption", null, caption),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          columns.map(({ title }, i) =>
            h("th", { key: i, scope: "col", class: cellClass(i) }, title),
          ),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((row, k) =>
          h(
            "tr",
            { key: k },
            row.map((cell, i) =>
              i === 0
                ? h("th", { key: i, scope: "row" }, cell)
                : h("td", { key: i, class: cellClass(i) }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Details that are folded away until somebody wants them. */
export function Fold({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return h("details", null, h("summary", null, title), children);
}

/** With more rows than this, a table is folded away. */
const OPEN_ROWS_MAX = 24;

/** A table that is folded away when it is long. */
export function LongTable(props: TableProps): JSX.Element {
  const table = h(DataTable, props);
  if (props.rows.length <= OPEN_ROWS_MAX) return table;
  return h(Fold, { title: `Show ${props.rows.length} rows: ${props.caption}` }, table);
}
