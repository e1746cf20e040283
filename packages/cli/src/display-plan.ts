import { type AttemptNumber, lostAgent, type PlanListener, type Recorder } from "@churnlab/control";
import {
  type ArmedShard,
  addLiveTallies,
  EMPTY_LIVE_TALLY,
  type LiveTally,
  type Plan,
  type Scenario,
  type Trial,
  type TrialOutcome,
  type TrialPhase,
} from "@churnlab/core";
import {
  describeEvent,
  formatLiveBlock,
  formatLiveLine,
  formatTrialBegin,
  formatTrialEnd,
  type LiveBlock,
  type LiveEvent,
  measureRates,
} from "@churnlab/report";
import { createLogUpdate } from "log-update";
import { monotonicClock } from "./monotonic-clock.ts";
import type { Terminal } from "./terminal.ts";

/** On a log, between the begin and the end of a trial, a line this often. */
const LINE_INTERVAL_MS = 10_000;

export interface DisplayedRun {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly runId: string;
  /** Of the trials that are left. */
  readonly expectedMs: number;
}

export interface PlanDisplay extends PlanListener, Disposable {}

/** Shows a running plan: a block that is redrawn on a screen, plain lines anywhere else, nothing when quiet. */
export function displayPlan(
  run: DisplayedRun,
  { terminal, quiet }: { readonly terminal: Terminal; readonly quiet: boolean },
): PlanDisplay {
  const state = new DisplayedState(run);
  const display = quiet
    ? SILENT
    : terminal.redraws
      ? blockDisplay(terminal)
      : lineDisplay(terminal);
  return {
    onPhase(trial, phase) {
      state.enter(trial, phase);
      display.onPhase(state.read(), trial);
    },
    onSample(_trial, recorder, shards) {
      state.sample(recorder, shards);
      display.onSample(state.read());
    },
    onOutcome(trial, outcome, attempt) {
      display.onOutcome(state.read(), { trial, outcome, attempt });
    },
    [Symbol.dispose]: () => display.end(),
  };
}

interface Display {
  onPhase(state: LiveBlock, trial: Trial): void;
  onSample(state: LiveBlock): void;
  onOutcome(state: LiveBlock, ended: EndedAttempt): void;
  end(): void;
}

interface EndedAttempt {
  readonly trial: Trial;
  readonly outcome: TrialOutcome;
  readonly attempt: AttemptNumber;
}

const SILENT: Display = { onPhase() {}, onSample() {}, onOutcome() {}, end() {} };

function blockDisplay(terminal: Terminal): Display {
  const update = createLogUpdate(process.stderr);
  const draw = (state: LiveBlock): void =>
    update(formatLiveBlock(state, terminal.columns).join("\n"));
  return {
    onPhase: draw,
    onSample: draw,
    onOutcome(_state, ended) {
      const trouble = describeTrouble(ended);
      if (trouble === null) return;
      update.clear();
      terminal.say(trouble);
    },
    end: () => update.clear(),
  };
}

function lineDisplay(terminal: Terminal): Display {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  const say = (state: LiveBlock, line: string): void => {
    saidAtMs = state.elapsedMs;
    terminal.say(line);
  };
  return {
    // What a trial begins with is its load: its world stands then.
    onPhase(state, trial) {
      if (state.phase === "warm-up") say(state, formatTrialBegin(state, trial));
    },
    onSample(state) {
      if (state.elapsedMs - saidAtMs >= LINE_INTERVAL_MS) say(state, formatLiveLine(state));
    },
    onOutcome(state, ended) {
      say(state, formatTrialEnd(state, ended.outcome, ended.attempt));
      const trouble = describeTrouble(ended);
      if (trouble !== null) terminal.say(trouble);
    },
    end() {},
  };
}

/** What a person must know of a trial's end at once; null when it went as it should. */
function describeTrouble({ trial, outcome, attempt }: EndedAttempt): string | null {
  const again = attempt.number === 1 ? "" : `, attempt ${attempt.number} of ${attempt.of},`;
  const name = `${trial.variant} replicate ${trial.replicate}${again}`;
  switch (outcome.state) {
    case "completed":
      return null;
    case "aborted":
      return outcome.reason === undefined ? null : `! ${name} was not begun: ${outcome.reason}`;
    case "degraded":
      return `! ${name} is degraded: ${outcome.reason}`;
    case "invalid":
      return `! ${name} is invalid: ${outcome.reason}${isRepeated(outcome, attempt) ? "; it is repeated" : ""}`;
    case "failed":
      return `✗ ${name} failed in ${outcome.phase}: ${outcome.message} (${outcome.code})`;
  }
}

function isRepeated({ state, record }: TrialOutcome, { number, of }: AttemptNumber): boolean {
  return number < of && lostAgent({ state, warnings: record.warnings });
}

/** Turns what a plan reports into one state that can be drawn. */
class DisplayedState {
  readonly #run: DisplayedRun;
  readonly #variants: readonly string[];
  readonly #startedAtMs: number = monotonicClock.nowMs();
  readonly #events: LiveEvent[] = [];
  #trial: Trial;
  #phase: TrialPhase = "prepare";
  #sockets: LiveBlock["sockets"] = null;
  #portRange: number | null = null;
  #rates: LiveBlock["rates"] = null;
  #tally: LiveTally = EMPTY_LIVE_TALLY;
  #talliedAtMs = 0;
  #eventsSeen = 0;
  #connectUsP99: number | null = null;

  constructor(run: DisplayedRun) {
    this.#run = run;
    this.#variants = run.scenario.variants.map(({ name }) => name);
    this.#trial = run.plan.trials[0] as Trial;
  }

  enter(trial: Trial, phase: TrialPhase): void {
    if (trial !== this.#trial) {
      this.#sockets = null;
      this.#rates = null;
      this.#tally = EMPTY_LIVE_TALLY;
      this.#eventsSeen = 0;
      this.#connectUsP99 = null;
    }
    this.#trial = trial;
    this.#phase = phase;
  }

  sample(recorder: Recorder, shards: readonly ArmedShard[]): void {
    const { series } = recorder;
    this.#sockets = {
      open: series.latest("client", "tcp.inuse") ?? 0,
      timeWait: series.latest("client", "time_wait") ?? 0,
    };
    // The range is one source's; connections spread over all of them.
    const range = series.latest("client", "ports.range");
    this.#portRange = range === null ? null : range * this.#trial.spec.workload.sources;
    this.#connectUsP99 = series.latest("client", "latency.connect.p99");
    this.#measureRates(addLiveTallies(shards.map((shard) => shard.live())));
    const events = recorder.events();
    for (const event of events.slice(this.#eventsSeen)) {
      const { text } = describeEvent(event);
      this.#events.push({ atMs: this.#elapsedMs(), variant: this.#trial.variant, text });
    }
    this.#eventsSeen = events.length;
  }

  read(): LiveBlock {
    const trial = this.#trial;
    const { plan, runId, scenario, expectedMs } = this.#run;
    return {
      runId,
      variant: {
        name: trial.variant,
        number: this.#variants.indexOf(trial.variant) + 1,
        of: this.#variants.length,
      },
      replicate: { number: trial.replicate, of: scenario.replicates },
      trial: { number: plan.trials.indexOf(trial) + 1, of: plan.trials.length },
      phase: this.#phase,
      elapsedMs: this.#elapsedMs(),
      expectedMs,
      sockets: this.#sockets,
      portRange: this.#portRange,
      rates: this.#rates,
      counts: this.#tally,
      connectUsP99: this.#connectUsP99,
      events: this.#events,
    };
  }

  #elapsedMs(): number {
    return monotonicClock.nowMs() - this.#startedAtMs;
  }

  #measureRates(now: LiveTally): void {
    const atMs = monotonicClock.nowMs();
    const { arrival } = this.#trial.spec.workload;
    const rates = measureRates({ ...this.#tally, atMs: this.#talliedAtMs }, { ...now, atMs });
    const offeredPerS = arrival.model === "open" ? arrival.ratePerS : null;
    this.#rates = rates === null ? null : { ...rates, offeredPerS };
    this.#tally = now;
    this.#talliedAtMs = atMs;
  }
}
