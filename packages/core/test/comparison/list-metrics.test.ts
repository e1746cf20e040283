import { expect, it } from "vitest";
import { listMetrics } from "../../src/comparison/list-metrics.ts";

it("lists the quantiles of a latency as they ascend, also where they share a description", () => {
  const quantiles = ["max", "p99", "p50", "p999", "p90"];
  const measurements = ["schedule", "connect"].flatMap((latency) =>
    quantiles.map((quantile) => {
      return { role: "client", metric: `latency.${latency}.${quantile}`, value: 1 } as const;
    }),
  );
  const names = listMetrics([{ block: 0, state: "completed", measurements }]).map(
    ({ metric }) => metric,
  );
  const ascending = ["p50", "p90", "p99", "p999", "max"];
  expect(names.filter((name) => name.includes("schedule"))).toEqual(
    ascending.map((quantile) => `latency.schedule.${quantile}`),
  );
  expect(names.filter((name) => name.includes("connect"))).toEqual(
    ascending.map((quantile) => `latency.connect.${quantile}`),
  );
});
