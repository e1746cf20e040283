import { type ComponentChildren, h, type JSX } from "preact";

/** A figure that was drawn as SVG, with what there is to say about it below. */
export function SvgFigure({
  svg,
  caption,
  children,
}: {
  /** Markup from `drawFigure`, which escapes every text in it. */
  readonly svg: string;
  readonly caption: ComponentChildren;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return h(
    "figure",
    { class: "plot" },
    h("div", { tabIndex: 0, role: "group", dangerouslySetInnerHTML: { __html: svg } }),
    h("figcaption", null, caption),
    children,
  );
}
