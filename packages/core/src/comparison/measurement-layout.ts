import type { Measurement } from "../measurement.ts";
import { type MetricKey, nameMetric } from "../metric-key.ts";

/**
 * Where each metric stands in the measurements of a trial. Nearly all trials of a run have the same metrics in the same
 * order and share a layout: a metric is looked up once for all of them, and one that none has is not searched again.
 */
export interface MeasurementLayout {
  readonly keys: readonly MetricKey[];
  /** The place of a metric; undefined where trials of this layout do not have it. */
  readonly placeOf: (key: MetricKey) => number | undefined;
}

export interface LaidOutMeasurements {
  readonly layout: MeasurementLayout;
  /** In the places of the layout. */
  readonly values: readonly number[];
}

/** A baseline is read for each of its candidates, and by every table. */
const LAID_OUT = new WeakMap<readonly Measurement[], LaidOutMeasurements>();

let latest: MeasurementLayout | null = null;

export function layOutMeasurements(measurements: readonly Measurement[]): LaidOutMeasurements {
  let found = LAID_OUT.get(measurements);
  if (found === undefined) {
    if (latest === null || !hasOrder(measurements, latest)) latest = createLayout(measurements);
    found = { layout: latest, values: measurements.map(({ value }) => value) };
    LAID_OUT.set(measurements, found);
  }
  return found;
}

function hasOrder(measurements: readonly Measurement[], { keys }: MeasurementLayout): boolean {
  if (measurements.length !== keys.length) return false;
  return measurements.every(
    ({ role, metric }, i) => metric === keys[i]?.metric && role === keys[i]?.role,
  );
}

function createLayout(measurements: readonly Measurement[]): MeasurementLayout {
  const keys = measurements.map(({ role, metric }) => ({ role, metric }));
  const places = new Map<string, number>();
  keys.forEach((key, place) => {
    const name = nameMetric(key);
    if (!places.has(name)) places.set(name, place);
  });
  return { keys, placeOf: (key) => places.get(nameMetric(key)) };
}
