import { maxOf, minOf } from "@churnlab/core/extremes";
import { cell, type Markish, text } from "@observablehq/plot";
import { formatValue } from "../format-value.ts";
import { drawFigure } from "./draw-figure.ts";

export interface HeatTile {
  readonly x: string;
  readonly y: string;
  /** The value of the third axis, where there is one: each has a map of its own, side by side. */
  readonly facet?: string;
  /** Median over the completed trials; null where there is none. */
  readonly value: number | null;
}

export interface HeatMap {
  readonly title: string;
  readonly summary: string;
  readonly unit: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** In the order in which the scenario lists them. */
  readonly xValues: readonly string[];
  readonly yValues: readonly string[];
  /** What the maps side by side differ in. */
  readonly facetTitle?: string;
  readonly tiles: readonly HeatTile[];
}

const TILE_HEIGHT = 40;
/** The same in light and dark: cividis is read by its lightness. */
const NUMBER_ON_DARK = "#ffffff";
const NUMBER_ON_LIGHT = "#000000";

/** A number in every tile, and its size as a shade of cividis. */
export function drawHeatMap(map: HeatMap): string {
  const values = map.tiles.map(({ value }) => value).filter((value) => value !== null);
  const [low, high] = [minOf(values), maxOf(values)];
  const isLight = (value: number | null): boolean =>
    value !== null && value - low > 0.5 * (high - low);
  const longest = Math.max(maxOf(map.yValues.map((value) => value.length)), map.yTitle.length);
  const isFaceted = map.facetTitle !== undefined;
  const place = { x: "x", y: "y", ...(isFaceted ? { fx: "facet" } : {}) };
  const marks: Markish[] = [
    cell(
      map.tiles.filter(({ value }) => value !== null),
      { ...place, fill: "value", inset: 1, rx: 3 },
    ),
    text(map.tiles, {
      ...place,
      text: ({ value }: HeatTile) => formatValue(value, map.unit),
      fill: ({ value }: HeatTile) =>
        value === null ? "currentColor" : isLight(value) ? NUMBER_ON_LIGHT : NUMBER_ON_DARK,
      fontSize: 12,
    }),
  ];
  return drawFigure(
    {
      width: 900,
      height: (isFaceted ? 100 : 70) + TILE_HEIGHT * map.yValues.length,
      marginLeft: Math.min(240, 24 + 7 * longest),
      marginTop: isFaceted ? 44 : 24,
      marginBottom: 42,
      marks,
      x: {
        domain: [...map.xValues],
        padding: 0.04,
        label: map.xTitle,
        tickSize: 0,
        labelAnchor: "center",
        labelArrow: false,
      },
      y: { domain: [...map.yValues], label: map.yTitle, tickSize: 0, labelArrow: false },
      ...(isFaceted ? { fx: { label: map.facetTitle, labelArrow: false } } : {}),
      color: { scheme: "cividis", domain: low === high ? [low, low + 1] : [low, high] },
    } as never,
    map,
  );
}
