import { type ComponentChildren, h, type JSX } from "preact";

export const TONES = ["good", "bad", "doubt", "none"] as const;
export type Tone = (typeof TONES)[number];

const MARKS: Readonly<Record<Tone, string>> = { good: "✓", bad: "✗", doubt: "!", none: "~" };

/** A word with a mark before it: never told by colour alone. */
export function Mark({
  tone,
  children,
}: {
  readonly tone: Tone;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return h(
    "span",
    { class: `mark ${tone}` },
    h("span", { "aria-hidden": "true" }, `${MARKS[tone]}\u00a0`),
    children,
  );
}
