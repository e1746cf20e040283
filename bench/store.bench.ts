// What recording costs, and what asking costs: 1 000 trials with 5 million samples in one database.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Measurement, type Sample, seedUniform, type Trial } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import { completed, plan, scenario, start, trialOf } from "../packages/store/test/made-run.ts";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";

const ROUNDS = 5;
const TRIALS = 1000;
const SERIES = 25;
const POINTS = 200;
const SAMPLES_PER_TRIAL = SERIES * POINTS;
const TRIALS_WRITTEN_PER_ROUND = 50;
const ORDINARY_TRIALS = 24;
const WIDE_VARIANTS = 10;
const BYTES_PER_MIB = 2 ** 20;

export const bench: Benchmark = {
  name: "store",
  description: "writing samples, and comparing a run of 1 000 trials and 5 million samples",
  run,
};

async function run({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "churnlab-bench-"));
  try {
    const large = path.join(directory, "large.db");
    const ordinary = path.join(directory, "ordinary.db");
    const wide = path.join(directory, "wide.db");
    log(`writing ${TRIALS} trials of ${SAMPLES_PER_TRIAL} samples`);
    writeRun(large, { trials: TRIALS, variants: 2 });
    writeRun(ordinary, { trials: ORDINARY_TRIALS, variants: 2 });
    writeRun(wide, { trials: TRIALS, variants: WIDE_VARIANTS });
    const figures = new Map<FigureId, number[]>();
    const add = (id: FigureId, value: number): void => {
      figures.set(id, [...(figures.get(id) ?? []), value]);
    };
    for (let round = 0; round < rounds; round++) {
      add("samples.written", measureWriting(path.join(directory, `round-${round}.db`)));
      const comparison = compareInProcess(large);
      add("compare.large", comparison.ms);
      add("compare.large_memory", comparison.mib);
      add("compare.ordinary", compareInProcess(ordinary).ms);
      const nine = compareInProcess(wide);
      add("compare.wide", nine.ms);
      add("compare.wide_memory", nine.mib);
      log(`round ${round + 1} of ${rounds}`);
    }
    add("file.bytes_per_sample", statSync(large).size / (TRIALS * SAMPLES_PER_TRIAL));
    return [...figures].map(([id, values]) => rowOfRounds({ id, ...FIGURES[id] }, values));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `compare.*` is from opening the database to the printed text; memory is all that its process ever held. */
const FIGURES = {
  "samples.written": { unit: "rows/s", target: { min: 200_000 } },
  "compare.large": { unit: "ms", target: { max: 1000 } },
  "compare.large_memory": { unit: "MiB", target: { max: 300 } },
  "compare.wide": { unit: "ms", target: { max: 1000 } },
  "compare.wide_memory": { unit: "MiB", target: { max: 300 } },
  "compare.ordinary": { unit: "ms", target: { max: 200 } },
  "file.bytes_per_sample": { unit: "bytes", target: null },
} as const;

type FigureId = keyof typeof FIGURES;

/** Rows of samples per second while whole trials are saved, everything else of a trial and the wait for the disk included. */
function measureWriting(file: string): number {
  using store = openStore(file, { mode: "write" });
  const trials = makeTrials({ trials: TRIALS_WRITTEN_PER_ROUND, variants: 2 });
  const runId = store.startRun({ ...start, plan: { ...plan, trials } });
  const uniform = seedUniform(1);
  const begun = performance.now();
  for (const trial of trials)
    store.saveAttempt(runId, { trial, outcome: makeOutcome(trial, uniform), attempt: 1 });
  const rows = TRIALS_WRITTEN_PER_ROUND * SAMPLES_PER_TRIAL;
  return (rows * 1000) / (performance.now() - begun);
}

interface RunSize {
  readonly trials: number;
  readonly variants: number;
}

function writeRun(file: string, size: RunSize): void {
  using store = openStore(file, { mode: "write" });
  const trials = makeTrials(size);
  const variants = Array.from({ length: size.variants }, (_, i) => {
    return { name: nameVariant(i), baseline: i === 0, spec: trialOf(0).spec };
  });
  const runId = store.startRun({
    ...start,
    scenario: { ...scenario, variants },
    plan: { ...plan, trials },
  });
  const uniform = seedUniform(2);
  for (const trial of trials)
    store.saveAttempt(runId, { trial, outcome: makeOutcome(trial, uniform), attempt: 1 });
  store.finishRun(runId, "completed");
}

/** The variants in turn. */
function makeTrials({ trials, variants }: RunSize): Trial[] {
  return Array.from({ length: trials }, (_, id) => {
    const block = Math.floor(id / variants);
    return { ...trialOf(0), id, block, replicate: block + 1, variant: nameVariant(id % variants) };
  });
}

function nameVariant(i: number): string {
  return i === 0 ? "baseline" : `candidate ${i}`;
}

function makeOutcome(trial: Trial, uniform: () => number): ReturnType<typeof completed> {
  const shift = trial.variant === "baseline" ? 1 : 1.02;
  const measurements: Measurement[] = MEASURED.map(({ role, metric, value }) => {
    return { role, metric, value: Math.round(value * shift * (1 + 0.03 * uniform())) };
  });
  return completed({ measurements, samples: SAMPLES });
}

/** About as many as a trial with both sides observed has. */
const MEASURED: readonly Measurement[] = [
  ...["attempted", "succeeded", "failed", "dropped", "rate"].map((name) => `connections.${name}`),
  ...["attempted", "succeeded", "failed", "dropped", "rate"].map((name) => `requests.${name}`),
  ...["schedule", "connect", "first_byte", "request", "total"].flatMap((latency) =>
    ["p50", "p90", "p99", "p999", "max"].map((quantile) => `latency.${latency}.${quantile}`),
  ),
  "failures.EADDRNOTAVAIL",
  "cpu.us_per_connection",
  ...["peak", "plateau", "end"].map((name) => `time_wait.${name}`),
  ...["used_peak", "range", "utilisation_peak"].map((name) => `ports.${name}`),
  ...Array.from({ length: 100 }, (_, i) => `tcpext.Counter${i}`),
].map((metric, i) => ({
  role: "client",
  metric,
  value: metric.endsWith(".dropped") ? 0 : 1000 + i,
}));

const SAMPLES: readonly Sample[] = Array.from({ length: SAMPLES_PER_TRIAL }, (_, i) => {
  const series = i % SERIES;
  const tMs = Math.floor(i / SERIES) * 200 + 0.123;
  return { role: series % 2 === 0 ? "client" : "target", metric: `gauge.${series}`, tMs, value: i };
});

/** In a process of its own, so that its memory is that of one comparison. */
function compareInProcess(file: string): { ms: number; mib: number } {
  const program = path.join(import.meta.dirname, "compare-once.ts");
  const args = ["--conditions=@churnlab/source", program, file];
  const printed = execFileSync(process.execPath, args, { encoding: "utf8" });
  const { ms, maxRssKib } = JSON.parse(printed) as { ms: number; maxRssKib: number };
  return { ms, mib: (maxRssKib * 1024) / BYTES_PER_MIB };
}
