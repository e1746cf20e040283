import type { Role, TrialPhase, TrialState } from "@churnlab/core";

/** One metric of one trial over time. Times ascend; what was not sampled is absent. */
export interface SeriesColumns {
  readonly tMs: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  /** null where every point is one sample, so that `mean` is all there is. */
  readonly min: ArrayLike<number> | null;
  readonly max: ArrayLike<number> | null;
  /** Width of a bin; null where every point is one sample. */
  readonly binMs: number | null;
}

export interface PhaseSpan {
  readonly phase: TrialPhase;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Something that happened once, worth a line in every chart of its trial. */
export interface Marker {
  readonly tMs: number;
  readonly role: Role;
  readonly kind: string;
  /** What happened. */
  readonly text: string;
  /** Why it matters; empty where the text says it all. */
  readonly why: string;
  readonly tone: "note" | "warning" | "failure";
}

/** The rate that the schedule asks for, as the corners of a line. */
export interface OfferedRate {
  readonly unit: "connections" | "requests";
  readonly corners: readonly { readonly tMs: number; readonly perS: number }[];
}

/** What the charts of one trial are drawn from. Keys of `series` are `role.metric`. */
export interface TrialSeries {
  readonly trialId: number;
  readonly variant: string;
  readonly replicate: number;
  readonly state: TrialState;
  readonly topology: "direct" | "gateway";
  /** Source addresses, each with the whole port range to itself. */
  readonly sources: number;
  /** Local ports of one source, by the scenario; null where the scenario does not say. */
  readonly ports: number | null;
  readonly phases: readonly PhaseSpan[];
  readonly markers: readonly Marker[];
  readonly offered: OfferedRate | null;
  readonly series: ReadonlyMap<string, SeriesColumns>;
}
