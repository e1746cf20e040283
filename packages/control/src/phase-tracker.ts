import type { Trial, TrialPhase } from "@churnlab/core";

export type PhaseListener = (trial: Trial, phase: TrialPhase) => void;

/** Knows the phase a trial is in, so that a failure can name it. */
export class PhaseTracker {
  readonly #trial: Trial;
  readonly #listener: PhaseListener;
  #current: TrialPhase = "prepare";

  constructor(trial: Trial, listener: PhaseListener) {
    this.#trial = trial;
    this.#listener = listener;
  }

  get current(): TrialPhase {
    return this.#current;
  }

  enter(phase: TrialPhase): void {
    this.#current = phase;
    this.#listener(this.#trial, phase);
  }
}
