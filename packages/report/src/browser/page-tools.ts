import { h, type JSX, render } from "preact";

/** The theme that the reader chose here, and printing. Told when the colours have changed. */
export function mountPageTools(onTheme: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onTheme);
  const place = document.querySelector<HTMLElement>("#page-tools");
  if (place === null) return;
  place.hidden = false;
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
