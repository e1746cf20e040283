import { h, type JSX } from "preact";

const FIELD_ID = "row-filter";

/** A field that leaves only the rows of the page's tables in which its text stands. */
export function RowFilter(): JSX.Element {
  return h("input", {
    id: FIELD_ID,
    type: "search",
    class: "button",
    placeholder: "Filter rows  /",
    "aria-label": "Show only the rows of tables that contain this",
    autocomplete: "off",
    spellcheck: false,
    onInput: filterRows,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      const field = event.currentTarget as HTMLInputElement;
      field.value = "";
      filterRows();
      field.blur();
    },
  });
}

export function focusFilter(): void {
  document.querySelector<HTMLInputElement>(`#${FIELD_ID}`)?.focus();
}

/** Applies the text again, when rows have changed. */
export function filterRows(): void {
  const field = document.querySelector<HTMLInputElement>(`#${FIELD_ID}`);
  const words = (field?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll<HTMLTableRowElement>("main tbody tr")) {
    const text = (row.textContent ?? "").replaceAll("\u00a0", " ").toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
}
