import { findHoles } from "../charts/align-series.ts";

const LEVELS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

export interface Sparkline {
  readonly tMs: readonly number[];
  /** One per time; null and undefined where there is none. */
  readonly values: readonly (number | null | undefined)[];
}

export interface SparklineFrame {
  readonly fromMs: number;
  readonly toMs: number;
  /** What a full block stands for. */
  readonly most: number;
  readonly cells: number;
}

/**
 * A line of blocks: each as high as the highest value of its part of the time, and a space in a hole. Where samples are
 * rarer than blocks, each also fills what lies between it and the one before.
 */
export function drawSparkline(
  { tMs, values }: Sparkline,
  { fromMs, toMs, most, cells }: SparklineFrame,
): string {
  const points = tMs.flatMap((t, i) => {
    const value = values[i];
    return value == null || t < fromMs || t > toMs ? [] : [{ t, value }];
  });
  const holes = new Set(findHoles(points.map(({ t }) => t)));
  const cellOf = (t: number): number =>
    Math.min(cells - 1, Math.floor(((t - fromMs) / (toMs - fromMs)) * cells));
  const highest = Array<number | null>(cells).fill(null);
  points.forEach(({ t, value }, i) => {
    const before = points[i - 1]?.t;
    const isJoined = before !== undefined && !holes.has((before + t) / 2);
    const first = isJoined ? Math.min(cellOf(t), cellOf(before) + 1) : cellOf(t);
    for (let cell = first; cell <= cellOf(t); cell++) {
      highest[cell] = Math.max(highest[cell] ?? 0, value);
    }
  });
  return highest.map((value) => (value === null ? " " : levelOf(value / most))).join("");
}

function levelOf(share: number): string {
  const level = Math.round((Number.isFinite(share) ? share : 0) * (LEVELS.length - 1));
  return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, level))] as string;
}
