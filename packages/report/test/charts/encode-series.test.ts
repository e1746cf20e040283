import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decodeSeries } from "../../src/charts/decode-series.ts";
import { encodeSeries } from "../../src/charts/encode-series.ts";
import type { SeriesColumns, TrialSeries } from "../../src/charts/trial-series.ts";

const HEAD: Omit<TrialSeries, "series"> = {
  trialId: 3,
  variant: "tw_reuse=1 µ \u{1f980} </script>",
  replicate: 2,
  state: "invalid",
  topology: "gateway",
  sources: 4,
  ports: 2048,
  phases: [{ phase: "measure", fromMs: 0, toMs: 8000 }],
  markers: [{ tMs: 1.5, role: "client", kind: "k", text: "t", why: "", tone: "failure" }],
  offered: null,
};

it("what is encoded is decoded, to the precision of a 32-bit float", () => {
  const column = fc.float32Array({ noNaN: true, maxLength: 40 });
  const columns = fc.record({ tMs: column, mean: column, binned: fc.boolean() });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), columns), (named) => {
      const series = new Map(
        Object.entries(named).map(([key, { tMs, mean, binned }]): [string, SeriesColumns] => [
          key,
          {
            tMs,
            mean,
            min: binned ? mean : null,
            max: binned ? mean : null,
            binMs: binned ? 20 : null,
          },
        ]),
      );
      const bytes = encodeSeries([{ ...HEAD, series }]);
      const [decoded] = decodeSeries(bytes.buffer as ArrayBuffer);
      expect({ ...decoded, series: undefined }).toEqual({ ...HEAD, series: undefined });
      expect(decoded?.series).toEqual(series);
    }),
  );
});

it("columns that are equal are there once", () => {
  const tMs = Float64Array.from({ length: 1000 }, (_, i) => i * 200);
  const flat = new Float64Array(1000);
  const one = (mean: Float64Array): SeriesColumns => ({
    tMs: Float64Array.from(tMs),
    mean,
    min: null,
    max: null,
    binMs: null,
  });
  const few = encodeSeries([{ ...HEAD, series: new Map([["a", one(flat)]]) }]);
  const many = encodeSeries([
    {
      ...HEAD,
      series: new Map(["a", "b", "c", "d"].map((key) => [key, one(Float64Array.from(flat))])),
    },
  ]);
  expect(many.length - few.length).toBeLessThan(500);
});

it("no trial is no trial", () => {
  expect(decodeSeries(encodeSeries([]).buffer as ArrayBuffer)).toEqual([]);
});
