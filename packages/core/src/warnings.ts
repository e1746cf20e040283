/**
 * Every doubt a trial can carry in its result. `invalidates` says whether a trial with this warning may still be
 * compared. `docs/warnings.md` lists the same codes; a test keeps them equal.
 */
export const WARNING_CODES = {
  W_SAMPLES_MISSED: {
    invalidates: false,
    meaning: "The sampler missed its time; the samples are holes, not values.",
  },
  W_SAMPLES_LOST: {
    invalidates: true,
    meaning:
      "A side was not sampled for more than half of the measure phase, and 2 s or longer: its peaks and plateaus are of the rest.",
  },
  W_COUNTER_ABSENT: {
    invalidates: false,
    meaning: "This kernel lacks a counter that others have.",
  },
  W_COUNTER_APPEARED: {
    invalidates: false,
    meaning: "A counter was not there when the measure phase began: its growth is not known.",
  },
  W_COUNTER_WRAPPED: {
    invalidates: false,
    meaning: "A kernel counter decreased between two reads.",
  },
  W_ENGINE_FALLBACK: {
    invalidates: false,
    meaning: "A faster engine was refused here; the one named ran instead.",
  },
  W_GENERATOR_LATE: {
    invalidates: false,
    meaning:
      "Connections started later than their schedule; latencies from the intended start show it.",
  },
  W_GENERATOR_CPU: {
    invalidates: false,
    meaning: "A worker used 85 % of its processor or more: it may have been the limit.",
  },
  W_GENERATOR_LIMITED: {
    invalidates: true,
    meaning:
      "The generator was the limit: its schedule was lost, so the figures are about the generator.",
  },
  W_NO_DESCRIPTORS: {
    invalidates: true,
    meaning:
      "The limit on open files was reached: the figures are about this process, not about the target.",
  },
  W_TARGET_DESCRIPTORS: {
    invalidates: false,
    meaning:
      "The target had no descriptor for a connection that waited, or all open that it may have: it accepted as many as its limit on open files leaves, and no more.",
  },
  W_OFFERED_SHORT: {
    invalidates: true,
    meaning: "Less than 99.5 % of the intended connections were attempted.",
  },
  W_SYSCTL_DIFFERS: {
    invalidates: true,
    meaning: "A sysctl reads back other than requested.",
  },
  W_NOT_CLEAN: {
    invalidates: true,
    meaning: "TIME_WAIT sockets were present before the trial began.",
  },
  W_CLEAN_UNKNOWN: {
    invalidates: false,
    meaning:
      "TIME_WAIT sockets could not be counted on a side before the trial began: whether its kernel was clean is not known.",
  },
  W_IDENTITY: {
    invalidates: true,
    meaning: "Counts do not add up; nothing of the trial can be trusted.",
  },
  W_TIME_WAIT_IDENTITY: {
    invalidates: false,
    meaning:
      "The TIME_WAIT gauge did not change by what the kernel counted as created, taken over and ended: something else ended sockets, or a counter is not to be trusted.",
  },
  W_BOUNDARY_LATE: {
    invalidates: false,
    meaning:
      "The kernel counters were first read well after the measure phase began; what happened before is not in their growth.",
  },
  W_NOT_STEADY: {
    invalidates: false,
    meaning:
      "The rate rose or fell all through the measure phase: its mean is of no state that lasts. A warm-up may be too short.",
  },
  W_NOT_SETTLED: {
    invalidates: false,
    meaning: "Connections were still closing when the trial's last sample was taken.",
  },
  W_CLOSER_DIFFERS: {
    invalidates: false,
    meaning:
      "The kernel shows TIME_WAIT on the other side than the scenario's closer, or on both. `v_trial` has the closer that was seen, of every trial.",
  },
  W_OBSERVER_DEGRADED: {
    invalidates: false,
    meaning: "One source of kernel data was not available; what it would show is absent.",
  },
  W_OBSERVER_LOST: {
    invalidates: false,
    meaning: "Events were lost by a capture; their count is given.",
  },
  W_TARGET_DIED: {
    invalidates: true,
    meaning: "The target ended while the trial ran.",
  },
  W_TARGET_UNCOUNTED: {
    invalidates: false,
    meaning:
      "The target did not say what it has done when it was asked: its own counts are absent, not zero.",
  },
  W_TARGET_UNSEEN: {
    invalidates: false,
    meaning: "The target is a host that is not churnlab's: its side of the figures is absent.",
  },
  W_CLIENT_SHARED: {
    invalidates: false,
    meaning:
      "The client is this host as it is: its counters and ports are shared with all else that it does.",
  },
  W_AGENT_LOST: {
    invalidates: true,
    meaning:
      "A worker or agent was lost; the rest of its share of the load is missing. What a lost worker had counted is kept, with what it had in flight as UNFINISHED. The trial is repeated as a new attempt; in a soak it goes on and is degraded.",
  },
  W_CLOCK_UNSURE: {
    invalidates: true,
    meaning:
      "The clocks of the agents were not known well enough, or they started too far from each other.",
  },
  W_LOAD_STRAY: {
    invalidates: true,
    meaning:
      "An agent that was lost came back, later than it could have load by its own clocks, with the load of an earlier attempt: it was told to end it, and the trial is repeated as a new attempt.",
  },
  W_RESULTS_INCOMPLETE: {
    invalidates: true,
    meaning: "An agent's results do not add up to the totals that it sent with them.",
  },
  W_RESULTS_STRAY: {
    invalidates: false,
    meaning:
      "Something came as a result that is none, or is another's than who published it: it was not counted.",
  },
  W_SPOOL_FULL: {
    invalidates: true,
    meaning:
      "An agent's disk was too full to keep its results until they were acknowledged. They came, but nothing stood behind them. In a soak the trial is degraded.",
  },
  W_NOT_RESTORED: {
    invalidates: false,
    meaning: "Something of the trial's world could not be taken down; what was measured stands.",
  },
  W_SYSCTL_NO_EFFECT: {
    invalidates: false,
    meaning: "The sysctl cannot act on the role it is given to.",
  },
} as const;

export type WarningCode = keyof typeof WARNING_CODES;

/** A doubt with what was seen. */
export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
}
