/** What routes take and give, as JSON Schema (draft 7). Fastify checks what comes in; `/api` shows all of it. */

export type Schema = Readonly<Record<string, unknown>>;

export const RUN_REFERENCE: Schema = {
  type: "string",
  pattern: "^[0-9A-Za-z~]{1,40}$",
  description: "last, last~1, or the start of a run id",
};

export const RUN_PARAMS: Schema = {
  type: "object",
  properties: {
    run: {
      type: "string",
      pattern: "^[0-9A-Za-z~]{1,40}$",
      description: "last, last~1, or the start of a run id",
    },
  },
  required: ["run"],
};

export const SERIES_QUERY: Schema = {
  type: "object",
  properties: { trial: { type: "integer", minimum: 0, description: "only this trial" } },
  additionalProperties: false,
};

export const EVENTS_QUERY: Schema = {
  type: "object",
  properties: {
    trial: { type: "integer", minimum: 0, description: "only this trial" },
    perKind: {
      type: "integer",
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: "the first so many of each kind",
    },
  },
  additionalProperties: false,
};

export const TREND_QUERY: Schema = {
  type: "object",
  properties: {
    scenario: { type: "string", maxLength: 1000, description: "else that of the newest run" },
    variant: { type: "string", maxLength: 1000, description: "else the baseline" },
    metric: { type: "string", maxLength: 200, description: "role.metric; else the rate" },
  },
  additionalProperties: false,
};

export const TREND: Schema = {
  type: "object",
  properties: {
    schemaVersion: { const: 1 },
    trend: {
      type: ["object", "null"],
      description: "null where no run has completed a trial",
      properties: {
        history: { type: "object", description: "as `churnlab history --json`" },
        scenarios: { type: "array", items: { type: "string" } },
        variants: { type: "array", items: { type: "string" } },
        metrics: { type: "array", items: { type: "string" } },
      },
      required: ["history", "scenarios", "variants", "metrics"],
    },
  },
  required: ["schemaVersion", "trend"],
};

export const COMPARISON_QUERY: Schema = {
  type: "object",
  properties: {
    against: {
      type: "string",
      pattern: "^[0-9A-Za-z~]{1,40}$",
      description: "another run; else the run's own baseline",
    },
  },
  additionalProperties: false,
};

const COUNT = { type: "integer", minimum: 0 };

const RUN_SUMMARY: Schema = {
  type: "object",
  properties: {
    runId: { type: "string" },
    scenario: { type: "string" },
    state: { enum: ["running", "completed", "failed", "aborted"] },
    startedAtUnixMs: { type: "number" },
    endedAtUnixMs: { type: ["number", "null"] },
    seed: { type: "integer" },
    churnlabVersion: { type: "string" },
    fingerprint: { type: ["string", "null"] },
    tags: { type: "object", additionalProperties: { type: "string" } },
    variants: COUNT,
    plannedTrials: COUNT,
    trials: {
      type: "object",
      properties: {
        completed: COUNT,
        degraded: COUNT,
        failed: COUNT,
        invalid: COUNT,
        aborted: COUNT,
      },
      required: ["completed", "degraded", "failed", "invalid", "aborted"],
    },
  },
  required: [
    "runId",
    "scenario",
    "state",
    "startedAtUnixMs",
    "endedAtUnixMs",
    "seed",
    "tags",
    "plannedTrials",
    "trials",
  ],
};

export const RUN_LIST: Schema = {
  type: "object",
  properties: { schemaVersion: { const: 1 }, runs: { type: "array", items: RUN_SUMMARY } },
  required: ["schemaVersion", "runs"],
};

const NUMBERS = { type: "array", items: { type: "number" } };

export const SERIES_LIST: Schema = {
  type: "object",
  properties: {
    schemaVersion: { const: 1 },
    series: {
      type: "array",
      items: {
        type: "object",
        properties: {
          trialId: COUNT,
          variant: { type: "string" },
          role: { type: "string" },
          metric: { type: "string" },
          samples: { ...COUNT, description: "samples in all" },
          binMs: {
            type: ["number", "null"],
            description: "width of a bin; null where every point is one sample",
          },
          tMs: NUMBERS,
          mean: NUMBERS,
          min: NUMBERS,
          max: NUMBERS,
        },
        required: [
          "trialId",
          "variant",
          "role",
          "metric",
          "samples",
          "binMs",
          "tMs",
          "mean",
          "min",
          "max",
        ],
      },
    },
  },
  required: ["schemaVersion", "series"],
};

export const EVENT_LIST: Schema = {
  type: "object",
  properties: {
    schemaVersion: { const: 1 },
    events: {
      type: "array",
      items: {
        type: "object",
        properties: {
          trialId: COUNT,
          variant: { type: "string" },
          role: { type: "string" },
          tMs: { type: "number" },
          kind: { type: "string" },
          detail: { type: "object" },
        },
        required: ["trialId", "variant", "role", "tMs", "kind", "detail"],
      },
    },
    counts: {
      type: "array",
      description: "how often each kind was seen, also of those that are not listed",
      items: {
        type: "object",
        properties: {
          trialId: COUNT,
          role: { type: "string" },
          kind: { type: "string" },
          count: COUNT,
        },
        required: ["trialId", "role", "kind", "count"],
      },
    },
  },
  required: ["schemaVersion", "events", "counts"],
};

export const RESULT_DOCUMENT: Schema = {
  type: "object",
  description:
    "as `churnlab show --json` and `compare --json`; `churnlab schema result` prints its schema",
};

export const LIVE_SNAPSHOT: Schema = {
  type: "object",
  properties: {
    phase: { enum: ["waiting", "running", "ended"] },
    origin: { enum: ["process", "database"] },
    plan: { type: ["object", "null"] },
    elapsedMs: { type: "number" },
    trial: { type: ["object", "null"] },
    series: { type: "object" },
    results: { type: "array" },
    events: { type: "array" },
    agents: { type: "array" },
    endState: { type: ["string", "null"] },
  },
  required: [
    "phase",
    "origin",
    "plan",
    "elapsedMs",
    "trial",
    "series",
    "results",
    "events",
    "agents",
    "endState",
  ],
};

export const HEALTH: Schema = {
  type: "object",
  properties: {
    status: { enum: ["ok", "failing"] },
    database: {
      type: "string",
      description: "its path, or what is wrong with it; only for who may read it",
    },
  },
  required: ["status"],
};
