import type { StoredRun, StoredTrial, StoreReader } from "@churnlab/store";
import { describeEvent } from "../charts/describe-event.ts";
import { isMoment } from "../charts/describe-trial.ts";
import { loadTrialSeries } from "../charts/load-trial-series.ts";
import { listAttempts } from "../count-attempt.ts";
import type { LiveMessage, LivePlan, LiveResult } from "../live/live-message.ts";
import type { RunSource } from "./run-source.ts";

const POLL_MS = 1000;

/**
 * Follows a database that another process writes: which runs there are, and of one that goes on every trial once it is
 * saved. It looks once a second, and only while somebody is watching.
 */
export class DatabaseFollower implements Disposable {
  readonly #source: RunSource;
  readonly #publish: (message: LiveMessage) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #signature = "";
  #watched: { readonly runId: string; trials: number } | null = null;

  constructor(
    source: RunSource,
    { publish, isWatched }: { publish: (message: LiveMessage) => void; isWatched: () => boolean },
  ) {
    this.#source = source;
    this.#publish = publish;
    this.#timer = setInterval(() => {
      if (isWatched()) this.look();
    }, POLL_MS);
    this.#timer.unref();
  }

  /** Tells what has changed since the last look. A database that cannot be read now is looked at again later. */
  look(): void {
    try {
      this.#source.read((store) => this.#compare(store));
    } catch {
      // The writer may be replacing the file; pages that need it are told by their own requests.
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #compare(store: StoreReader): void {
    const runs = store.listRuns();
    const signature = JSON.stringify(
      runs.map(({ runId, state, trials }) => [runId, state, trials]),
    );
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#publish({ type: "runs" });
    const running = runs.findLast(({ state }) => state === "running");
    if (this.#watched !== null && this.#watched.runId !== running?.runId) {
      this.#finish(store, this.#watched.runId);
    }
    if (running !== undefined) this.#follow(store, store.loadRun(running.runId));
  }

  /** What the run has saved since the last look. */
  #follow(store: StoreReader, run: StoredRun): void {
    if (this.#watched?.runId !== run.runId) {
      this.#watched = { runId: run.runId, trials: 0 };
      this.#publish({ type: "begin", plan: planOf(run) });
    }
    const fresh = listAttempts(run).slice(this.#watched.trials);
    this.#watched.trials += fresh.length;
    for (const trial of fresh) this.#publish({ type: "result", result: resultOf(run, trial) });
    const last = fresh.at(-1);
    if (last !== undefined) this.#showTrial(store, run, last);
  }

  /** The trials that were saved between the last look and the end are part of it. */
  #finish(store: StoreReader, runId: string): void {
    const run = store.loadRun(runId);
    this.#follow(store, run);
    this.#publish({ type: "end", endState: run.state });
    this.#watched = null;
  }

  /** The whole of the last trial at once, as if it had just been sampled. */
  #showTrial(store: StoreReader, run: StoredRun, { trialId, variant }: StoredTrial): void {
    const { trials } = loadTrialSeries(store, run, { trialIds: [trialId] });
    const [trial] = trials;
    if (trial === undefined) return;
    const { series, markers: _, ...head } = trial;
    const elapsedMs = Date.now() - run.startedAtUnixMs;
    this.#publish({ type: "trial", trial: { ...head, markers: [], phase: "saved" }, elapsedMs });
    const samples = [...series].flatMap(([key, { tMs, mean }]) =>
      Array.from(tMs, (t, i) => ({ tMs: t, values: { [key]: mean[i] as number } })),
    );
    this.#publish({ type: "samples", trialId, samples, elapsedMs });
    for (const { tMs, role, kind, detail } of store.loadEvents(run.runId, {
      trialId,
      perKindMax: 5,
    })) {
      if (!isMoment(kind)) continue;
      const event = { tMs, role, kind, ...describeEvent({ kind, detail }), trialId, variant };
      this.#publish({ type: "event", event });
    }
  }
}

function planOf({
  runId,
  scenario,
  resolved,
  plannedTrials,
  startedAtUnixMs,
}: StoredRun): LivePlan {
  const variants = resolved.variants.map(({ name }) => name);
  // The order in which trials run is drawn from the seed; a page only counts them.
  const trials = Array.from({ length: plannedTrials }, (_, i) => ({
    trialId: i,
    variant: variants[i % variants.length] ?? "",
    replicate: Math.floor(i / Math.max(1, variants.length)) + 1,
  }));
  return {
    runId,
    scenario,
    variants,
    replicates: resolved.replicates,
    trials,
    expectedMs: null,
    startedAtUnixMs,
  };
}

function resultOf(run: StoredRun, trial: StoredTrial): LiveResult {
  const spec = run.variantList.find(({ name }) => name === trial.variant)?.spec;
  const metric = spec?.workload.kind === "keep-alive" ? "requests.rate" : "connections.rate";
  const read = (name: string): number | null =>
    trial.measurements.find((m) => m.role === "client" && m.metric === name)?.value ?? null;
  const { trialId, variant, replicate, state, reason } = trial;
  return {
    trialId,
    variant,
    replicate,
    state,
    reason,
    ratePerS: read(metric),
    failed: read("connections.failed"),
  };
}
