import { predictResponse, type Range } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import type { VariantForecast } from "../grade-run.ts";

/** What the port model predicts of a metric of one variant of a run; null where it does not. */
export function predictMetric(
  { variantList }: Pick<StoredRun, "variantList">,
  { variant, forecast }: VariantForecast,
  metric: string,
): Range | null {
  const spec = variantList.find(({ name }) => name === variant)?.spec;
  return spec === undefined ? null : predictResponse(spec, forecast, metric);
}
