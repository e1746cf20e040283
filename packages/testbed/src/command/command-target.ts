import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ChurnError,
  type Measurement,
  type ServerAccount,
  type Target,
  type TargetAddress,
  type TargetSpec,
} from "@churnlab/core";
import {
  type CounterReader,
  type NetworkNamespace,
  OpenFileCount,
  openCounters,
  SockDiag,
} from "@churnlab/linux";
import { countTowardsUpstream } from "../count-towards-upstream.ts";
import { awaitListener } from "./await-listener.ts";
import { makeCommandDirectory } from "./command-directory.ts";
import { describePlace, fillPlaceholders } from "./fill-placeholders.ts";
import { findProgram } from "./find-program.ts";
import { LogTail } from "./log-tail.ts";
import { listSession, readSessionCpuUs } from "./process-session.ts";

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 2000;
/** Between two looks whether what was killed is gone, twice as long each time: a look walks all of /proc. */
const GONE_MS_MIN = 2;
const GONE_MS_MAX = 50;
const LAST_LINES = 5;

export type CommandSpec = Exclude<Extract<TargetSpec, { command: unknown }>, { image: string }>;

export interface CommandOptions {
  readonly namespace: NetworkNamespace;
  readonly host: string;
  readonly spec: CommandSpec;
  /** `host:port`; null where there is no upstream. */
  readonly upstream: string | null;
  /** How long it may take to listen. */
  readonly patienceMs?: number;
}

/** A program of this machine that serves inside a trial's namespace, and ends with the trial. */
export class CommandTarget implements Target {
  readonly address: TargetAddress;
  /** Its descriptors are all that is seen of it from outside beside its kernel. */
  readonly account: ServerAccount = {
    readCounters: () => ({}),
    takeEvents: () => [],
    readGauges: () => {
      const files = this.#files?.read() ?? null;
      return files === null ? {} : { descriptors: files.open, "descriptors.limit": files.limit };
    },
  };
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #pid: number;
  /** Its directory, and what sees its kernel. */
  readonly #held: DisposableStack;
  readonly #log: LogTail = new LogTail();
  readonly #counters: CounterReader;
  readonly #diag: SockDiag;
  readonly #isGateway: boolean;
  /** Of its processes when the measure phase began. */
  #files: OpenFileCount | null = null;
  #exit: string | null = null;
  #stopping = false;
  #cpuAtStartUs = 0;

  /** Resolves when it listens. Rejects with `E_TARGET`: no such program, it ends at once, its port never opens. */
  static async start(options: CommandOptions, signal: AbortSignal): Promise<CommandTarget> {
    const target = new CommandTarget(options);
    try {
      await target.#awaitListener(options, signal);
      return target;
    } catch (error) {
      await target.stop();
      throw error;
    }
  }

  private constructor({ namespace, host, spec, upstream }: CommandOptions) {
    const [program = ""] = spec.command;
    requireProgram(program);
    this.#program = program;
    this.address = { host, port: spec.port, path: "/", tls: false };
    using opened = new DisposableStack();
    const { path: dir } = opened.use(makeCommandDirectory());
    const place = { host, port: spec.port, dir, upstream };
    const [file = "", ...args] = [...bindToHarness(), ...fillPlaceholders(spec.command, place)];
    this.#counters = opened.use(openCounters(namespace));
    this.#diag = opened.use(new SockDiag(namespace));
    this.#isGateway = upstream !== null;
    this.#child = namespace.run(() =>
      spawn(file, args, {
        env: { ...process.env, ...describePlace(place), ...spec.env },
        stdio: ["ignore", "pipe", "pipe"],
        // A session of its own: what belongs to it is known, and the terminal's Ctrl-C is the harness's to handle.
        detached: true,
      }),
    );
    this.#pid = this.#child.pid ?? 0;
    this.#watch();
    this.#held = opened.move();
  }

  ended(): string | null {
    return this.#stopping ? null : this.#exit;
  }

  markMeasure(): void {
    this.#files = new OpenFileCount(listSession(this.#pid).map(({ pid }) => pid));
  }

  /** Connections towards the upstream that stay open when nobody asks any more: those of its pool. */
  keptOpen(): number {
    return this.#isGateway ? countTowardsUpstream(this.#diag) : 0;
  }

  readLog(): string {
    return this.#log.read();
  }

  /** CPU time of the program and all that it started, over the connections that its kernel accepted. */
  async measure(): Promise<readonly Measurement[]> {
    const accepted = this.#counters.read().counters["tcp.PassiveOpens"] ?? 0;
    if (accepted === 0 || this.#exit !== null) return [];
    const value = (readSessionCpuUs(this.#pid) - this.#cpuAtStartUs) / accepted;
    return [{ role: "target", metric: "cpu.us_per_connection", value }];
  }

  /** Asks it to end, and ends what has not ended in time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    try {
      if (this.#pid > 0) await this.#end();
    } finally {
      this.#child.stdout?.destroy();
      this.#child.stderr?.destroy();
      this.#held.dispose();
    }
  }

  #watch(): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => this.#log.add(chunk));
      stream?.on("error", () => {});
    }
    this.#child.on("error", (error) => {
      this.#exit ??= `${this.#program} could not be started: ${error.message}`;
    });
    // `close`, not `exit`, would wait for children that keep the pipes.
    this.#child.on("exit", (code, killedBy) => {
      const how = code === null ? `was ended by ${killedBy}` : `ended with status ${code}`;
      this.#exit ??= `${this.#program} ${how}`;
    });
  }

  async #awaitListener(
    { namespace, host, spec, patienceMs = START_MS_MAX }: CommandOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const about = { namespace, host, port: spec.port, program: this.#program, patienceMs };
    try {
      await awaitListener({ ...about, ended: () => this.ended() }, signal);
      this.#cpuAtStartUs = readSessionCpuUs(this.#pid);
    } catch (error) {
      if (!(error instanceof ChurnError)) throw error;
      await sleep(0); // what it wrote last is still on its way
      const lines = this.#log.lastLines(LAST_LINES);
      const wrote = lines === "" ? "It wrote nothing." : `It wrote:\n${lines}`;
      throw new ChurnError(error.code, `${error.message}. ${wrote}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    }
  }

  async #end(): Promise<void> {
    if (this.#exit === null) {
      signalProcess(this.#pid, "SIGTERM");
      const over = AbortSignal.timeout(STOP_MS_MAX);
      await once(this.#child, "exit", { signal: over }).catch(() => {});
    }
    const untilMs = performance.now() + STOP_MS_MAX;
    // Again and again: what is killed takes a moment to be gone, and may have started more before it was.
    for (let pauseMs = GONE_MS_MIN; ; pauseMs = Math.min(2 * pauseMs, GONE_MS_MAX)) {
      const left = listSession(this.#pid);
      for (const { pid } of left) signalProcess(pid, "SIGKILL");
      if (left.length === 0 || performance.now() >= untilMs) return;
      await sleep(pauseMs);
    }
  }
}

/** What the harness leaves behind when it is killed ends by itself: the kernel tells its child (prctl(2), PR_SET_PDEATHSIG). */
function bindToHarness(): string[] {
  const setpriv = findProgram("setpriv");
  return setpriv === null ? [] : [setpriv, "--pdeathsig", "TERM", "--"];
}

function requireProgram(program: string): void {
  if (findProgram(program) !== null) return;
  throw new ChurnError("E_TARGET", `There is no program ${program}`, {
    hint: program.includes("/")
      ? "A path is taken from the directory in which churnlab was started."
      : "Install it, or give its whole path.",
  });
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
