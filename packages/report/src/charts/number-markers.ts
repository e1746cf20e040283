import type { Role } from "@churnlab/core";
import type { Marker } from "./trial-series.ts";

/** A marker with its place in the list of events, counted from 1. */
export interface NumberedMarker extends Marker {
  readonly number: number;
}

/** The markers of one role, or of all, by the numbers that they have in the list of all. */
export function numberMarkers(markers: readonly Marker[], role: Role | null): NumberedMarker[] {
  return markers
    .map((marker, i) => ({ ...marker, number: i + 1 }))
    .filter((marker) => role === null || marker.role === role);
}
