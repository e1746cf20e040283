import type {
  AgentHealth,
  Measurement,
  Plan,
  Scenario,
  Trial,
  TrialEvent,
  TrialOutcome,
  TrialPhase,
  TrialState,
} from "@churnlab/core";
import { describeEvent } from "../charts/describe-event.ts";
import { isMoment, listPhases, offeredRate, readPorts } from "../charts/describe-trial.ts";
import type {
  LiveEventEntry,
  LiveMessage,
  LivePlan,
  LiveSample,
  LiveTrial,
} from "./live-message.ts";

/** A run as it is started in this process. */
export interface FeedStart {
  readonly runId: string;
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly expectedMs: number | null;
  readonly startedAtUnixMs: number;
}

/** How a trial ended, and what it counted. */
export interface FedResult {
  readonly trial: Trial;
  readonly state: TrialState;
  readonly reason?: string | null;
  readonly measurements: readonly Measurement[];
}

/** Samples are sent together this often. */
const FLUSH_MS = 500;

/**
 * Tells listeners what a run of this process does, in messages that a page can follow. It never waits for any of them:
 * a call costs what it takes to put a value into a list.
 */
export class LiveFeed {
  readonly #listeners = new Set<(message: LiveMessage) => void>();
  #startedAtUnixMs = 0;
  #trialId = -1;
  #pending: LiveSample[] = [];
  #flushedAtMs = 0;

  /** Returns the way to listen no more. */
  listen(listener: (message: LiveMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  begin({ runId, scenario, plan, expectedMs, startedAtUnixMs }: FeedStart): void {
    this.#startedAtUnixMs = startedAtUnixMs;
    this.#tell({
      type: "begin",
      origin: "process",
      plan: {
        runId,
        scenario: scenario.name,
        variants: scenario.variants.map(({ name }) => name),
        replicates: scenario.replicates,
        trials: plan.trials.map(({ id, variant, replicate }) => ({
          trialId: id,
          variant,
          replicate,
        })),
        expectedMs,
        startedAtUnixMs,
      } satisfies LivePlan,
    });
  }

  enterPhase(trial: Trial, phase: TrialPhase): void {
    this.#flush();
    this.#trialId = trial.id;
    this.#tell({
      type: "trial",
      trial: describeLiveTrial(trial, phase),
      elapsedMs: this.#elapsedMs(),
    });
  }

  addSample(sample: LiveSample): void {
    this.#pending.push(sample);
    if (performance.now() - this.#flushedAtMs >= FLUSH_MS) this.#flush();
  }

  /** How the agents of the trial do now. */
  addAgents(agents: readonly AgentHealth[]): void {
    this.#tell({ type: "agents", trialId: this.#trialId, agents });
  }

  addEvent(trial: Trial, { tMs, role, kind, detail }: TrialEvent): void {
    if (!isMoment(kind)) return;
    const { id: trialId, variant } = trial;
    const event: LiveEventEntry = {
      tMs,
      role,
      kind,
      ...describeEvent({ kind, detail }),
      trialId,
      variant,
    };
    this.#tell({ type: "event", event });
  }

  concludeTrial(trial: Trial, outcome: TrialOutcome): void {
    this.#flush();
    const { measurements } = outcome.record;
    this.addResult({ trial, state: outcome.state, reason: explainOutcome(outcome), measurements });
  }

  /** A trial that is over, also one from before an interruption. */
  addResult({ trial, state, reason = null, measurements }: FedResult): void {
    const isByRequest = trial.spec.workload.kind === "keep-alive";
    const read = (metric: string): number | null =>
      measurements.find((m) => m.role === "client" && m.metric === metric)?.value ?? null;
    this.#tell({
      type: "result",
      result: {
        trialId: trial.id,
        variant: trial.variant,
        replicate: trial.replicate,
        state,
        reason,
        ratePerS: read(isByRequest ? "requests.rate" : "connections.rate"),
        failed: read("connections.failed"),
      },
    });
  }

  end(endState: string): void {
    this.#flush();
    this.#tell({ type: "end", endState });
  }

  #elapsedMs(): number {
    return Date.now() - this.#startedAtUnixMs;
  }

  #flush(): void {
    this.#flushedAtMs = performance.now();
    if (this.#pending.length === 0) return;
    const samples = this.#pending;
    this.#pending = [];
    this.#tell({ type: "samples", trialId: this.#trialId, samples, elapsedMs: this.#elapsedMs() });
  }

  #tell(message: LiveMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}

function describeLiveTrial({ id, variant, replicate, spec }: Trial, phase: TrialPhase): LiveTrial {
  return {
    trialId: id,
    variant,
    replicate,
    state: "completed",
    topology: spec.topology,
    sources: spec.workload.sources,
    ports: readPorts(spec),
    phases: listPhases(spec.phases),
    markers: [],
    offered: offeredRate(spec.workload, spec.phases.measureMs),
    phase,
  };
}

function explainOutcome(outcome: TrialOutcome): string | null {
  switch (outcome.state) {
    case "degraded":
    case "invalid":
      return outcome.reason;
    case "failed":
      return outcome.message;
    case "aborted":
      return outcome.reason ?? `aborted in ${outcome.phase}`;
    case "completed":
      return null;
  }
}
