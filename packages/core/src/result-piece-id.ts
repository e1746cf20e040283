/** By what a piece of an agent's results is known, whatever delivers it and how often. */
export interface ResultPieceId {
  /** Number of the trial in its plan. */
  readonly trial: number;
  /** As the fleet numbers attempts: over all controllers of a run. */
  readonly attempt: number;
  readonly agent: string;
  /** From 0. */
  readonly piece: number;
}
