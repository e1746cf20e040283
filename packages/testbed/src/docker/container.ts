import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core";
import { LogTail } from "../command/log-tail.ts";
import { describeOwner, OWNER_LABEL, readStartTime } from "./container-owner.ts";
import type { DockerCli } from "./docker-cli.ts";
import { explainDocker } from "./explain-docker.ts";

const START_MS_MAX = 10_000;
const LOOK_EVERY_MS = 10;
const PULL_MS_MAX = 600_000;

export interface ContainerOptions {
  readonly image: string;
  /** null: the image's own. */
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Set by the engine before the program starts. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Whether an image that is missing may be pulled. */
  readonly pull: boolean;
}

/** Where it is the engine that ended a program's output before it began. */
const ENGINE_SAYS = "Error response from daemon: ";

interface ContainerParts {
  readonly cli: DockerCli;
  readonly name: string;
  readonly attached: ChildProcess;
  readonly log: LogTail;
  readonly exit: { text: string | null };
}

let created = 0;

/** A container on no network but its own loopback, in a network namespace of its own. */
export class Container implements AsyncDisposable {
  readonly name: string;
  /** Process id of its first process, as this machine counts. */
  readonly pid: number;
  readonly #startTime: string;
  readonly #parts: ContainerParts;

  /**
   * Resolves when its program runs. Rejects with what the engine says, or with the last lines of a program that ends at once;
   * nothing is left then.
   */
  static async start(cli: DockerCli, options: ContainerOptions): Promise<Container> {
    const name = `churnlab-${process.pid}-${++created}`;
    const patience = options.pull ? { timeoutMs: PULL_MS_MAX } : {};
    await cli.run(["create", ...describeCreation(name, options)], patience);
    try {
      const attached = cli.start(["start", "--attach", name]);
      const log = new LogTail();
      const exit = watchExit(attached, { log, image: options.image });
      const pid = await awaitPid(cli, name, { exit, log });
      return new Container({ cli, name, attached, log, exit }, pid);
    } catch (error) {
      await cli.run(["rm", "--force", "--volumes", name]);
      throw error;
    }
  }

  private constructor(parts: ContainerParts, pid: number) {
    this.name = parts.name;
    this.pid = pid;
    this.#startTime = readStartTime(pid);
    this.#parts = parts;
  }

  /** null while it runs; how it ended, or that the engine did and left it to itself. */
  ended(): string | null {
    const { text } = this.#parts.exit;
    if (text === null || !this.#isAlive()) return text;
    return `the container engine went away while ${this.name} ran`;
  }

  get log(): LogTail {
    return this.#parts.log;
  }

  /** Asks its program by a signal for a line of output that begins so; null when it does not answer in time. */
  async ask(signal: NodeJS.Signals, begin: string, patienceMs: number): Promise<string | null> {
    const { attached } = this.#parts;
    if (!this.#isAlive()) return null;
    const over = AbortSignal.timeout(patienceMs);
    let text = "";
    process.kill(this.pid, signal);
    try {
      for (;;) {
        const [chunk] = await once(attached.stdout ?? attached, "data", { signal: over });
        text += String(chunk);
        const line = new RegExp(`^${begin}.*(?=\\n)`, "m").exec(text)?.[0];
        if (line !== undefined) return line;
      }
    } catch {
      return null;
    }
  }

  /** Ends it at once and removes it with its layers and volumes. What the engine cannot end any more is ended without it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { attached, cli, name } = this.#parts;
    const gone =
      attached.exitCode === null
        ? once(attached, "exit", { signal: AbortSignal.timeout(START_MS_MAX) })
        : null;
    gone?.catch(() => {});
    try {
      await cli.run(["rm", "--force", "--volumes", name]);
    } catch (error) {
      if (this.#isAlive()) process.kill(this.pid, "SIGKILL");
      throw leftBehind(error, name);
    } finally {
      await gone?.catch(() => attached.kill("SIGKILL"));
    }
  }

  #isAlive(): boolean {
    return readStartTime(this.pid) === this.#startTime;
  }
}

function leftBehind(error: unknown, name: string): unknown {
  if (!(error instanceof ChurnError)) return error;
  const message = `${name} was ended but could not be removed, which churnlab clean does once the engine answers: ${error.message}`;
  return new ChurnError(error.code, message, { cause: error });
}

function describeCreation(
  name: string,
  { image, command, env, sysctls, pull }: ContainerOptions,
): string[] {
  return [
    "--name",
    name,
    "--label",
    `${OWNER_LABEL}=${describeOwner()}`,
    "--pull",
    pull ? "missing" : "never",
    "--network",
    "none",
    ...Object.entries(sysctls).flatMap(([key, value]) => ["--sysctl", `${key}=${value}`]),
    ...Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    image,
    ...(command ?? []),
  ];
}

/** `docker start --attach` passes on what the program writes, and ends with its exit status. */
function watchExit(
  attached: ChildProcess,
  { log, image }: { readonly log: LogTail; readonly image: string },
): { text: string | null } {
  const exit: { text: string | null } = { text: null };
  attached.stdout?.on("data", (chunk: Buffer) => log.add(chunk));
  attached.stderr?.on("data", (chunk: Buffer) => log.add(chunk));
  attached.on("error", (error) => {
    exit.text ??= `the container of ${image} could not be started: ${error.message}`;
  });
  attached.on("close", (code) => {
    exit.text ??= `the container of ${image} ended with status ${code}`;
  });
  return exit;
}

async function awaitPid(
  cli: DockerCli,
  name: string,
  { exit, log }: Pick<ContainerParts, "exit" | "log">,
): Promise<number> {
  const untilMs = performance.now() + START_MS_MAX;
  while (performance.now() < untilMs) {
    if (exit.text !== null) {
      const said = log.read();
      if (said.startsWith(ENGINE_SAYS)) {
        throw explainDocker(said, { program: cli.program, args: ["start"] });
      }
      const wrote = log.lastLines(5);
      throw new ChurnError("E_TARGET", `${exit.text}. It wrote:\n${wrote}`, {
        hint: `See what it needs: ${cli.program} run --rm --network none, with the same image and command.`,
      });
    }
    const pid = Number(await cli.run(["inspect", "--format", "{{.State.Pid}}", name]));
    if (pid > 0) {
      if (existsSync(`/proc/${pid}/ns/net`)) return pid;
      throw elsewhere();
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw new ChurnError(
    "E_TARGET",
    `The container ${name} did not start in ${START_MS_MAX / 1000} s`,
  );
}

/** The kernel under a container has to be this one: its namespace is joined with those of this machine. */
export function elsewhere(): ChurnError {
  return new ChurnError("E_CONTAINER_ENGINE", "The engine runs its containers on another machine", {
    hint: "Unset DOCKER_HOST, or load it from here with testbed: external.",
  });
}
