import { h, type JSX, render } from "preact";
import { listenToKeys, toggleKeyHelp } from "./page-keys.ts";
import { RowFilter } from "./row-filter.ts";

/** The filter of rows, the keys, the theme that the reader chose here, and printing. Told when the colours have changed. */
export function mountPageTools(onTheme: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onTheme);
  const place = document.querySelector<HTMLElement>("#page-tools");
  if (place === null) return;
  place.hidden = false;
  listenToKeys();
  render(h(PageTools, { onTheme }), place);
}

function PageTools({ onTheme }: { readonly onTheme: () => void }): JSX.Element {
  const switchTheme = (): void => {
    document.documentElement.dataset["theme"] = isDark() ? "light" : "dark";
    onTheme();
  };
  return h(
    "div",
    null,
    h(RowFilter, null),
    " ",
    h("button", { type: "button", class: "button", onClick: toggleKeyHelp }, "Keys"),
    " ",
    h("button", { type: "button", class: "button", onClick: switchTheme }, "Light or dark"),
    " ",
    h("button", { type: "button", class: "button", onClick: () => print() }, "Print"),
  );
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === undefined
    ? matchMedia("(prefers-color-scheme: dark)").matches
    : chosen === "dark";
}
