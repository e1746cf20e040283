import type { ColumnPlace, EncodedTrial } from "./encode-series.ts";
import type { SeriesColumns, TrialSeries } from "./trial-series.ts";

/** What `encodeSeries` made bytes of. The columns are views of `buffer`. */
export function decodeSeries(buffer: ArrayBuffer): TrialSeries[] {
  const headLength = new DataView(buffer).getUint32(0, true);
  const head = new TextDecoder().decode(new Uint8Array(buffer, 4, headLength));
  const columnsAt = Math.ceil((4 + headLength) / 4) * 4;
  const columnOf = ([from, length]: ColumnPlace): Float32Array =>
    new Float32Array(buffer, columnsAt + from * 4, length);
  return (JSON.parse(head) as EncodedTrial[]).map(({ series, ...trial }) => ({
    ...trial,
    series: new Map(
      series.map(([key, { tMs, mean, min, max, binMs }]): [string, SeriesColumns] => [
        key,
        {
          tMs: columnOf(tMs),
          mean: columnOf(mean),
          min: min === null ? null : columnOf(min),
          max: max === null ? null : columnOf(max),
          binMs,
        },
      ]),
    ),
  }));
}
