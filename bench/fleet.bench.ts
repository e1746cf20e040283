// What a fleet of 10, 100 and 1 000 agents costs its controller, its server and each agent: agents without load, all else real.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { startWrittenFleet, type WrittenFleet } from "../packages/fleet/test/init/written-fleet.ts";
import {
  type Benchmark,
  type BenchOptions,
  type BenchRow,
  rowOfRounds,
  type Target,
} from "./benchmark.ts";

const ROUNDS = 1;
const TRIALS = 6;
const MEASURE_MS = 10_000;
const AGENT_PROCESSES = 2;
/** USER_HZ of every Linux that Node runs on. */
const TICKS_PER_S = 100;
const START_MS_MAX = 180_000;

export const bench: Benchmark = {
  name: "fleet",
  description: "controller, server and agents of a fleet of 10, 100 and 1 000 agents without load",
  run,
};

const SIZES = [10, 100, 1000] as const;

const NONE = (): Target | null => null;

interface Figure {
  readonly unit: string;
  readonly target: (size: number) => Target | null;
}

/** Units and targets of the figures of a fleet; those of a trial are medians over all but the first, which is told apart. */
const FIGURES: Readonly<Record<string, Figure>> = {
  open: { unit: "ms", target: NONE },
  first_added: { unit: "ms", target: (size) => (size === 100 ? { max: 1000 } : null) },
  first_prepare: { unit: "ms", target: NONE },
  added: { unit: "ms", target: (size) => (size === 100 ? { max: 1000 } : null) },
  prepare: { unit: "ms", target: NONE },
  start: { unit: "ms", target: NONE },
  gather: { unit: "ms", target: NONE },
  conclude: { unit: "ms", target: NONE },
  restore: { unit: "ms", target: NONE },
  controller_cpu: { unit: "% of a core", target: (size) => (size === 1000 ? { max: 100 } : null) },
  controller_memory: { unit: "MB", target: (size) => (size === 1000 ? { max: 500 } : null) },
  ...Object.fromEntries(
    Array.from({ length: TRIALS }, (_, i) => [
      `memory_after_${i + 1}`,
      { unit: "MB", target: NONE },
    ]),
  ),
  agent_cpu: { unit: "% of a core", target: () => ({ max: 1 }) },
  server_cpu: { unit: "% of a core", target: NONE },
  server_messages: { unit: "messages/s", target: NONE },
  server_bytes: { unit: "KiB/s", target: NONE },
  offset_error: { unit: "us", target: NONE },
  start_skew: { unit: "us", target: NONE },
  not_completed: { unit: "trials", target: () => ({ max: 0 }) },
  live_missed: { unit: "samples", target: NONE },
  database: { unit: "KiB/trial", target: NONE },
};

async function run({ rounds = ROUNDS, log }: BenchOptions): Promise<BenchRow[]> {
  const figures = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const size of SIZES) {
      log(`round ${round + 1} of ${rounds}: ${size} agents`);
      for (const [name, values] of await measureFleet(size, log)) {
        const id = `fleet.${name}_${size}`;
        figures.set(id, [...(figures.get(id) ?? []), ...values]);
      }
    }
  }
  return [...figures].map(([id, values]) => {
    const [, name = "", size = ""] = /^fleet\.(\w+)_(\d+)$/.exec(id) ?? [];
    const figure = FIGURES[name];
    if (figure === undefined) throw new Error(`no figure ${name}`);
    return rowOfRounds({ id, unit: figure.unit, target: figure.target(Number(size)) }, values);
  });
}

type Figures = readonly (readonly [string, readonly number[]])[];

/** Several trials of a fleet, by one controller. */
async function measureFleet(size: number, log: BenchOptions["log"]): Promise<Figures> {
  const names = Array.from({ length: size }, (_, i) => `agent-${i}`);
  await using fleet = await startWrittenFleet(["target", ...names]);
  await using stack = new AsyncDisposableStack();
  const share = Math.ceil((size + 1) / AGENT_PROCESSES);
  const all = ["target", ...names];
  const begunMs = performance.now();
  const processes = Array.from({ length: AGENT_PROCESSES }, (_, i) =>
    stack.adopt(
      start("fleet-agents-once.ts", [fleet.directory, ...all.slice(i * share, (i + 1) * share)]),
      endAgents,
    ),
  );
  await Promise.all(processes.map(firstLine));
  log(`${size} agents serve after ${((performance.now() - begunMs) / 1000).toFixed(1)} s`);
  const args = [fleet.directory, String(size), String(TRIALS), String(MEASURE_MS)];
  const controller = start("fleet-controller-once.ts", args);
  const seen = await follow(controller, { fleet, processes, log });
  return figuresOf(size, seen);
}

const PHASES = ["prepare", "start", "gather", "conclude", "restore"] as const;

interface Line {
  readonly openMs?: number;
  readonly phase?: string;
  readonly state?: string;
  readonly why?: string;
  readonly addedMs?: number;
  readonly cpuShare?: number;
  readonly bytes?: number;
  readonly maxRssMb?: number;
  readonly rssMb?: number;
  /** What each part took beyond the load itself. */
  readonly phaseMs?: Readonly<Record<(typeof PHASES)[number], number>>;
  readonly fleet?: Readonly<Record<string, number>>;
}

/** Of everything but the controller, while it measures. */
interface Spent {
  readonly atMs: number;
  readonly serverS: number;
  readonly agentsS: number;
  readonly messages: number;
  readonly bytes: number;
}

interface Seen {
  openMs: number;
  readonly trials: Line[];
  end: Line;
  before: Spent | null;
  after: Spent | null;
}

async function follow(
  controller: ChildProcess,
  world: {
    readonly fleet: WrittenFleet;
    readonly processes: readonly ChildProcess[];
    readonly log: BenchOptions["log"];
  },
): Promise<Seen> {
  const system = await world.fleet.connectAs("system");
  const spent = async (): Promise<Spent> => {
    const reply = await system.request("$SYS.REQ.SERVER.PING.VARZ", "{}", { timeout: 5000 });
    const { data } = reply.json<{
      data: Record<"in_msgs" | "out_msgs" | "in_bytes" | "out_bytes", number>;
    }>();
    return {
      atMs: performance.now(),
      serverS: cpuSeconds(world.fleet.serverPid),
      agentsS: world.processes.reduce((sum, { pid = 0 }) => sum + cpuSeconds(pid), 0),
      messages: data.in_msgs + data.out_msgs,
      bytes: data.in_bytes + data.out_bytes,
    };
  };
  const seen: Seen = { openMs: Number.NaN, trials: [], end: {}, before: null, after: null };
  if (controller.stdout === null) throw new Error("the controller has no output");
  for await (const text of createInterface(controller.stdout)) {
    const line = JSON.parse(text) as Line;
    world.log(text);
    if (line.phase === "measure") seen.before = await spent();
    if (line.phase === "drain") seen.after = await spent();
    if (line.openMs !== undefined) seen.openMs = line.openMs;
    if (line.state !== undefined) seen.trials.push(line);
    if (line.bytes !== undefined) seen.end = line;
  }
  return seen;
}

function figuresOf(size: number, { openMs, trials, end, before, after }: Seen): Figures {
  if (before === null || after === null) throw new Error("the controller measured nothing");
  const seconds = (after.atMs - before.atMs) / 1000;
  const perS = (key: keyof Spent): number => (after[key] - before[key]) / seconds;
  const [first, ...later] = trials;
  const ofLater = (read: (trial: Line) => number | undefined): number[] =>
    later.map((trial) => read(trial) ?? Number.NaN);
  return [
    ["open", [openMs]],
    ["first_added", [first?.addedMs ?? Number.NaN]],
    ["first_prepare", [first?.phaseMs?.prepare ?? Number.NaN]],
    ["added", ofLater(({ addedMs }) => addedMs)],
    ...PHASES.map((phase) => [phase, ofLater(({ phaseMs }) => phaseMs?.[phase])] as const),
    ["controller_cpu", ofLater(({ cpuShare = Number.NaN }) => 100 * cpuShare)],
    ["controller_memory", [end.maxRssMb ?? Number.NaN]],
    ...trials.map(({ rssMb = Number.NaN }, i) => [`memory_after_${i + 1}`, [rssMb]] as const),
    ["agent_cpu", [(100 * perS("agentsS")) / (size + 1)]],
    ["server_cpu", [100 * perS("serverS")]],
    ["server_messages", [perS("messages")]],
    ["server_bytes", [perS("bytes") / 1024]],
    ["offset_error", ofLater(({ fleet }) => fleet?.["fleet.offset_error_us"])],
    ["start_skew", ofLater(({ fleet }) => fleet?.["fleet.start_skew_us"])],
    ["not_completed", [trials.filter(({ state }) => state !== "completed").length]],
    ["live_missed", ofLater(({ fleet }) => fleet?.["fleet.live_missed"])],
    ["database", [(end.bytes ?? Number.NaN) / 1024 / TRIALS]],
  ];
}

function start(program: string, args: readonly string[]): ChildProcess {
  const file = path.join(import.meta.dirname, program);
  return spawn(process.execPath, ["--conditions=@churnlab/source", file, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function firstLine({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) throw new Error("the agents have no output");
  await once(stdout, "data", { signal: AbortSignal.timeout(START_MS_MAX) });
}

async function endAgents(agents: ChildProcess): Promise<void> {
  if (agents.exitCode !== null) return;
  agents.stdin?.end();
  await once(agents, "exit");
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}
