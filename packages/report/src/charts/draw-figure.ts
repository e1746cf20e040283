import { type PlotOptions, plot } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { escapeText } from "./escape-text.ts";

export interface FigureText {
  /** What the figure is, in a few words. */
  readonly title: string;
  /** What it shows, in a sentence or two. */
  readonly summary: string;
}

/** The one document that figures are drawn in; each is taken out of it as text. */
const { document } = parseHTML("<!doctype html><html><body></body></html>");

/**
 * Draws a statistical figure as SVG text that can stand in a page with a strict content security policy: no style
 * element, no style attribute, no id. Colours are custom properties of the page.
 */
export function drawFigure(options: PlotOptions, { title, summary }: FigureText): string {
  const svg = plot({
    ...options,
    document: document,
  });
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const element of svg.querySelectorAll("[style]")) element.removeAttribute("style");
  // A group with a name but without a role is an error to assistive technology.
  for (const element of svg.querySelectorAll("[aria-label]")) element.removeAttribute("aria-label");
  svg.setAttribute("class", "figure");
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  const label = escapeText(`${title}. ${summary}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${label}"${svg.outerHTML.slice("<svg".length)}`;
}
