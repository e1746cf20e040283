import { type ChildProcess, execFile, spawn } from "node:child_process";
import { ChurnError } from "@churnlab/core/errors";
import { findProgram } from "../command/find-program.ts";
import { explainDocker } from "./explain-docker.ts";

/** Longest that one command may take; the engine may have to create and mount a file system. */
const COMMAND_MS_MAX = 30_000;

/** Command lines that understand the same words, in the order in which they are looked for. */
const PROGRAMS = ["docker", "podman", "nerdctl"] as const;

/** Names the command line of the container engine, where the first that is found is not the one. */
const PROGRAM_VARIABLE = "CHURNLAB_CONTAINER_ENGINE";

/** How long a command of the engine is waited for. */
export interface RunBounds {
  readonly timeoutMs?: number;
  /** Aborted when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

/** The engine's command line: docker, or another that understands its words. */
export class DockerCli {
  readonly program: string;
  /** Names of containers that may still be there or appear, whose start was given up; each with when that was. */
  readonly late: Map<string, number> = new Map();

  constructor(program: string = listPrograms()[0] ?? PROGRAMS[0]) {
    this.program = program;
  }

  /** Every engine of this machine, or the one that is named. */
  static listInstalled(): DockerCli[] {
    return listPrograms().map((program) => new DockerCli(program));
  }

  /**
   * What it prints, trimmed. Rejects with `E_TOOL_MISSING`, `E_CAPABILITY`, `E_CONTAINER_ENGINE`, `E_IMAGE`, `E_TESTBED` or
   * `E_TARGET`, and with the signal's reason when it is aborted: the command is killed then, what the engine does for it may
   * go on.
   */
  async run(
    args: readonly string[],
    { timeoutMs: timeout = COMMAND_MS_MAX, signal }: RunBounds = {},
  ): Promise<string> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const bounds = { timeout, ...(signal === undefined ? {} : { signal }) };
      execFile(
        this.program,
        [...args],
        { ...bounds, encoding: "utf8" },
        (error, stdout, stderr) => {
          if (error === null) {
            resolve(stdout.trim());
          } else if (signal?.aborted === true) {
            reject(signal.reason);
          } else if ((error as NodeJS.ErrnoException).code === "ENOENT") {
            reject(this.#missing());
          } else if (error.killed === true) {
            const message = `${this.program} ${args[0]} took more than ${timeout / 1000} s`;
            reject(new ChurnError("E_CONTAINER_ENGINE", message, { hint: "Is its engine alive?" }));
          } else {
            reject(explainDocker(stderr, { program: this.program, args }));
          }
        },
      );
    });
  }

  /**
   * A command that goes on until it ends by itself or is killed; the terminal's Ctrl-C does not reach it. One that does not
   * read its standard input is given none.
   */
  start(args: readonly string[]): ChildProcess {
    const input = args.includes("--interactive") ? "pipe" : "ignore";
    return spawn(this.program, [...args], { stdio: [input, "pipe", "pipe"], detached: true });
  }

  #missing(): ChurnError {
    return new ChurnError("E_TOOL_MISSING", `${this.program} is not installed`, {
      hint: `Install one of ${PROGRAMS.join(", ")}, or name another in ${PROGRAM_VARIABLE}.`,
    });
  }
}

function listPrograms(): readonly string[] {
  const named = process.env[PROGRAM_VARIABLE];
  if (named !== undefined && named !== "") return [named];
  return PROGRAMS.filter((program) => findProgram(program) !== null);
}
