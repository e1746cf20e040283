import type { TrendChoice } from "../build-trend.ts";

/** What can be asked for that takes long to build: whole pages, and what they and programs read of a run. */
export type PageOrder =
  | { readonly kind: "history" }
  | { readonly kind: "trend"; readonly choice: TrendChoice }
  | { readonly kind: "trend-json"; readonly choice: TrendChoice }
  | { readonly kind: "report" | "run-json" | "series-binary"; readonly run: string }
  | { readonly kind: "compare"; readonly a: string; readonly b: string }
  | { readonly kind: "runs-json" }
  | { readonly kind: "comparison-json"; readonly run: string; readonly against?: string }
  | { readonly kind: "series-json"; readonly run: string; readonly trial?: number }
  | {
      readonly kind: "events-json";
      readonly run: string;
      readonly trial?: number;
      readonly perKind: number;
    };
