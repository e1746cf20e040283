import { h, type JSX } from "preact";
import type { ChartLine } from "../../charts/time-chart.ts";

export interface VariantLegendProps {
  readonly variants: readonly string[];
  readonly styleOf: (index: number) => Pick<ChartLine, "colour" | "dashed">;
}

/** Which line of a figure belongs to which variant. */
export function VariantLegend({ variants, styleOf }: VariantLegendProps): JSX.Element {
  return h(
    "ul",
    { class: "legend" },
    variants.map((variant, i) => {
      const { colour, dashed } = styleOf(i);
      return h(
        "li",
        { key: variant },
        h("span", {
          class: `swatch line c-${colour}${dashed ? " dashed" : ""}`,
          "aria-hidden": "true",
        }),
        variant,
      );
    }),
  );
}
