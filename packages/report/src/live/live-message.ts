import type { AgentHealth, TrialPhase, TrialState } from "@churnlab/core";
import type { Marker, TrialSeries } from "../charts/trial-series.ts";
import type { GrownSeries } from "./growing-series.ts";

/** A run that is being watched, as it was planned. */
export interface LivePlan {
  readonly runId: string;
  readonly scenario: string;
  readonly variants: readonly string[];
  readonly replicates: number;
  readonly trials: readonly LiveTrialHead[];
  /** How long the whole run is expected to take; null: not known. */
  readonly expectedMs: number | null;
  readonly startedAtUnixMs: number;
}

export interface LiveTrialHead {
  readonly trialId: number;
  readonly variant: string;
  readonly replicate: number;
}

/** The trial that goes on, or the last that was seen, without its series. */
export type LiveTrial = Omit<TrialSeries, "series"> & { readonly phase: TrialPhase | "saved" };

/** How a trial ended. */
export interface LiveResult extends LiveTrialHead {
  readonly state: TrialState;
  readonly reason: string | null;
  /** Connections, or requests of keep-alive, per second; null where nothing was measured. */
  readonly ratePerS: number | null;
  readonly failed: number | null;
}

export interface LiveEventEntry extends Marker {
  readonly trialId: number;
  readonly variant: string;
}

/** `waiting`: no run goes on. `running`. `ended`: the one that was watched is over. */
export type LivePhase = "waiting" | "running" | "ended";

/** All that a page has to know to go on from here. */
export interface LiveSnapshot {
  readonly phase: LivePhase;
  /** Samples come as they are taken, or with the trial once it is saved. */
  readonly origin: "process" | "database";
  readonly plan: LivePlan | null;
  /** Of the whole run, at this moment. */
  readonly elapsedMs: number;
  readonly trial: LiveTrial | null;
  /** Of the trial; keys are `role.metric`. */
  readonly series: Readonly<Record<string, GrownSeries>>;
  readonly results: readonly LiveResult[];
  /** The newest, oldest first. */
  readonly events: readonly LiveEventEntry[];
  /** How the agents of the trial did when they were last looked at; empty where nobody tells. */
  readonly agents: readonly AgentHealth[];
  /** How the run ended. */
  readonly endState: string | null;
}

/** Values of one moment of a trial, by `role.metric`. */
export interface LiveSample {
  readonly tMs: number;
  readonly values: Readonly<Record<string, number>>;
}

export const LIVE_MESSAGE_TYPES: readonly LiveMessage["type"][] = [
  "snapshot",
  "begin",
  "trial",
  "samples",
  "agents",
  "event",
  "result",
  "end",
  "runs",
];

/** What happened since the message before. `elapsedMs` is of the whole run. */
export type LiveMessage =
  | { readonly type: "snapshot"; readonly snapshot: LiveSnapshot }
  | {
      readonly type: "begin";
      readonly plan: LivePlan;
      readonly origin: LiveSnapshot["origin"];
    }
  | { readonly type: "trial"; readonly trial: LiveTrial; readonly elapsedMs: number }
  | {
      readonly type: "samples";
      readonly trialId: number;
      readonly samples: readonly LiveSample[];
      readonly elapsedMs: number;
    }
  | {
      readonly type: "agents";
      readonly trialId: number;
      readonly agents: readonly AgentHealth[];
    }
  | { readonly type: "event"; readonly event: LiveEventEntry }
  | { readonly type: "result"; readonly result: LiveResult }
  | { readonly type: "end"; readonly endState: string }
  /** The list of runs has changed. */
  | { readonly type: "runs" };
