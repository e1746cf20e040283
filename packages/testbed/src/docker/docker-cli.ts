import { type ChildProcess, execFile, spawn } from "node:child_process";
import { ChurnError } from "@churnlab/core";
import { explainDocker } from "./explain-docker.ts";

/** Longest that one command may take; the engine may have to create and mount a file system. */
const COMMAND_MS_MAX = 30_000;

/** The engine's command line. Podman and nerdctl understand the same words. */
export class DockerCli {
  readonly program: string;

  constructor(program: string = process.env["CHURNLAB_DOCKER"] ?? "docker") {
    this.program = program;
  }

  /** What it prints, trimmed. Rejects with `E_TOOL_MISSING`, `E_CAPABILITY`, `E_TESTBED` or `E_TARGET`. */
  async run(args: readonly string[], input?: { readonly timeoutMs?: number }): Promise<string> {
    const timeout = input?.timeoutMs ?? COMMAND_MS_MAX;
    return new Promise((resolve, reject) => {
      execFile(this.program, [...args], { timeout, encoding: "utf8" }, (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout.trim());
        } else if ((error as NodeJS.ErrnoException).code === "ENOENT") {
          reject(this.#missing());
        } else if (error.killed === true) {
          const message = `${this.program} ${args[0]} took more than ${timeout / 1000} s`;
          reject(new ChurnError("E_TESTBED", message, { hint: "Is its engine alive?" }));
        } else {
          reject(explainDocker(stderr, { program: this.program, args }));
        }
      });
    });
  }

  /** A command that goes on until it ends by itself or is killed; the terminal's Ctrl-C does not reach it. */
  start(args: readonly string[]): ChildProcess {
    return spawn(this.program, [...args], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  }

  #missing(): ChurnError {
    return new ChurnError("E_TOOL_MISSING", `${this.program} is not installed`, {
      hint: "Install Docker, or name another engine's command line in CHURNLAB_DOCKER.",
    });
  }
}
