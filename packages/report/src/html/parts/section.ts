import { type ComponentChildren, h, type JSX } from "preact";

/** A part of a page with a heading; the table of contents lists it. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** A sentence under the heading. */
  readonly lead?: ComponentChildren;
  readonly body: ComponentChildren;
}

export function SectionView({ id, title, lead, body }: Section): JSX.Element {
  return h(
    "section",
    { id, class: "section", "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title),
    lead === undefined ? null : h("p", { class: "lead" }, lead),
    body,
  );
}

export function Contents({ sections }: { readonly sections: readonly Section[] }): JSX.Element {
  const links = sections.map(({ id, title }) =>
    h("li", { key: id }, h("a", { href: `#${id}` }, title)),
  );
  return h("nav", { class: "contents", "aria-label": "Contents" }, h("ol", null, links));
}
